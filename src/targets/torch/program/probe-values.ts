/** Values of settings at which blocks tend to do something else. */
import type { PyConstant } from "../../../ir/python.ts";
import type { Setting } from "./config.ts";
import { distinct } from "./distinct.ts";

/** What a number may become: a count, or a fraction where counts are refused. */
export type Range = "small" | "large" | "fraction";

/** Settings up to here are taken for multipliers, numbers of blocks and the like, which may become the length of a list. */
export const small = 8;

/** Numbers without common factors, so that sums and products of them do not coincide. */
export const primes = [5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43];
/** What large numbers are multiples of; 0 is for the given value. */
export const grains = [1, 1, 2, 4, 8, 32, 0];
export const fractions = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75];

/** Lists up to here show where a block asks how many items there are. */
export const mostItems = 64;

/** Whole numbers at some and on both sides of them. */
function wholeAround(turns: readonly number[]): readonly number[] {
  const near = turns.flatMap((turn) =>
    Number.isInteger(turn) ? [turn - 1, turn, turn + 1] : [Math.floor(turn), Math.ceil(turn)],
  );
  return [...new Set(near)].filter((each) => each >= 0);
}

/** Fractions on both sides of some numbers, nearer than the next of these, and those among them that are fractions. */
export function fractionsAround(turns: readonly number[]): readonly number[] {
  const sorted = [...new Set([0, ...turns])].sort((a, b) => a - b);
  return sorted.flatMap((turn, i) => {
    const [below, above] = [turn - (sorted[i - 1] ?? turn), (sorted[i + 1] ?? Infinity) - turn];
    const beside = [...(turn > 0 ? [turn - Math.min(0.25, below / 2)] : []), turn + Math.min(0.25, above / 2)];
    return Number.isInteger(turn) ? beside : [turn, ...beside];
  });
}

/**
 * Numbers on both sides of some, and far from them: `few` of a block that costs much to build, multiples of `grain` among the large ones, and
 * `ratios` where a count may be one.
 */
export function numbersAround(
  range: Range,
  turns: readonly number[],
  { few, grain, ratios }: { readonly few: boolean; readonly grain: number; readonly ratios: boolean },
): readonly PyConstant[] {
  const fractional = [...fractionsAround(turns), -0.5, 0.9, 1.5, 3];
  if (range === "fraction") return distinct([...turns.filter((turn) => turn > 0 && turn < 16), ...fractional]);
  const near = wholeAround(few ? turns.filter((turn) => turn <= small) : turns);
  if (range === "small") {
    const far = few ? [0, 4] : [0, 1, 2, 3, 4, 5, 6, 9, 16, 25, 128, 512, 1024];
    return distinct([...near, ...far, ...(ratios ? fractional : [])]);
  }
  const whole = (each: number): readonly number[] => (grain > 1 ? [each, Math.round(each / grain) * grain] : [each]);
  const beside = turns
    .filter((turn) => turn > small)
    .flatMap((turn) => (few ? [turn] : [turn, turn / 2, turn / 4]))
    .flatMap((turn) => [turn - grain, turn, turn + grain, ...(few ? [] : [1.5 * turn])]);
  const far = few ? [64, 512] : [4, 64, 128, 256, 384, 512, 1024, 2048, 4096];
  const all = [...beside, ...far].flatMap(whole);
  return distinct([...near, ...all].filter((each) => Number.isInteger(each) && each > 0));
}

/** Growing and falling numbers, one item and many, what is the smallest and the largest at several places. */
const shapesOfLists = [
  [],
  [0],
  [1],
  [2],
  [0, 1],
  [1, 3],
  [1, 2, 3],
  [3, 1, 2],
  [4, 4],
  [1, 2, 4, 8],
  [2, 0, 5],
  [9, 1],
  [1, 1, 1, 1, 1, 1],
  [4, 4, 1, 5, 6],
  [5, 3, 2, 4, 1, 7],
  [3, 6, 2, 7, 8, 5, 4],
];

/** Lists of other lengths, and those in which an item or their length is one of some numbers or beside it. */
export function listsLike(given: readonly PyConstant[], turns: readonly number[], few: boolean): readonly PyConstant[] {
  if (given.length > 0 && given.every((item) => typeof item === "boolean"))
    return [[true], [false], [true, false, true], [false, true, false], [true, true, false, false]];
  const numbers = given.filter((item) => typeof item === "number");
  if (numbers.length < given.length) return [];
  const scale = numbers.some((item) => item > small) ? Math.max(...numbers) : 1;
  const shapes = shapesOfLists.filter((_, i) => !few || i % 3 === 0).map((list) => list.map((item) => item * scale));
  const fractions = numbers.some((item) => !Number.isInteger(item));
  const items = few ? turns : fractions ? [...turns, ...fractionsAround(turns)] : wholeAround(turns);
  // At one place and nowhere else.
  const holding = items.flatMap((item) => {
    const without = numbers.map((each) => (each === item ? each + 1 : each));
    return [0, 1, -1].flatMap((place) => (numbers.at(place) === undefined ? [] : [without.with(place, item)]));
  });
  const lengths = few ? [] : wholeAround(turns).filter((length) => length > 0 && length <= mostItems);
  const filled = numbers.length === 0 ? [1] : numbers;
  const long = lengths.map((length) => Array.from({ length }, (_, i) => filled[i % filled.length] as number));
  // Every item at a number at once, where all of them are compared with it.
  const at = few || scale === 1 ? [] : turns.filter((turn) => turn > small && Number.isInteger(turn));
  return distinct([...shapes, ...holding, ...long, ...at.map((turn) => given.map(() => turn))]);
}

/** With the least for every smaller number, in lists too. */
export function atLeast(value: PyConstant, least: number): PyConstant {
  if (Array.isArray(value)) return (value as readonly PyConstant[]).map((each) => atLeast(each, least));
  return typeof value === "number" && value < least ? least : value;
}

/** So many values for all other settings are tried with those of one, each in turn. */
export const mostOthers = 4;

/** Up to so many settings, every third one is varied with each pair; of more, all others at once: such builds would grow as the cube. */
export const mostApart = 10;

/** So many pairs are looked at: all those of up to 24 numbers. */
const mostPairs = 276;

/** Pairs of settings, those first that stand near each other: what is compared is mostly written together. */
export function nearestPairs(numbers: readonly Setting[]): readonly (readonly [Setting, Setting])[] {
  const pairs = numbers.flatMap((a, i) => numbers.slice(i + 1).map((b, between) => ({ pair: [a, b] as const, between })));
  return pairs
    .sort((one, other) => one.between - other.between)
    .slice(0, mostPairs)
    .map(({ pair }) => pair);
}

/** The settings beside a pair at their plainest: each alone, or all at once where they are many. */
export function plainBeside(
  pair: readonly Setting[],
  settings: readonly Setting[],
): readonly (readonly (readonly [string, PyConstant])[])[] {
  const each = settings
    .filter((other) => !pair.includes(other))
    .map((other) => plainValues(other).map((plain) => [other.name, plain] as const));
  if (settings.length <= mostApart) return each.flatMap((values) => values.map((value) => [value]));
  const most = Math.max(...each.map((values) => values.length));
  return Array.from({ length: most }, (_, i) => each.flatMap((values) => values.slice(i, i + 1)));
}

/** The values of a setting at which it mostly asks for nothing, and others beside them. */
function plainValues({ value }: Setting): readonly PyConstant[] {
  if (typeof value === "boolean") return [false, true];
  return typeof value === "number" && Math.abs(value) <= small ? [1, 2, 4] : [];
}

/** Values of one setting, from given ones of all, at which blocks tend to do something else. */
export function edges(
  { name, value }: Setting,
  start: ReadonlyMap<string, PyConstant>,
  isFraction: boolean,
): readonly PyConstant[] {
  const from = start.get(name) ?? value;
  if (typeof from === "boolean") return [!from];
  if (typeof from !== "number") return [];
  if (isFraction) return [0, -0.25, 0.25];
  return start.size === 0 ? [0, 1] : [0];
}
