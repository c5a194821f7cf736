/** Values that settings take together: where two of them decide, as in `channels >= 256 && depth > 12`, neither shows it alone. */
import type { PyConstant } from "../../../ir/python.ts";
import type { Setting } from "./config.ts";
import { distinct, layerText } from "./distinct.ts";
import { fractionsAround, mostItems, type Range } from "./probe-values.ts";
import type { Rebuilder } from "./rebuilder.ts";
import type { Sample } from "./samples.ts";

/** So many values of a setting are tried with those of others. */
export const mostLevels = 24;

/** So many configurations are tried of settings together, of so many layers in all. */
export const mostTogether = 600;
export const mostLayersTogether = 3000;

/** What is farther than 1 from a number is tried where that is refused: groups divide channels. */
const steps: Readonly<Record<Range, readonly number[]>> = {
  large: [1, 2, 8, 32],
  small: [1, 2],
  fraction: [1],
};

/** A value, with those that stand for it where it is refused. */
type Level = readonly PyConstant[];

/**
 * The values of a setting, those that tell most first: the given one, those beyond all numbers of the code, those that the code has, then what lies
 * beside each. 0 and 1 are looked at with everything else.
 */
export function levelsOf({ value }: Setting, range: Range, numbers: readonly number[]): readonly Level[] {
  const turns = numbers.filter((each) => each > 1 || (range === "fraction" && each > 0)).sort((a, b) => b - a);
  if (typeof value === "boolean") return [[value], [!value]];
  if (turns.length === 0) return [];
  if (Array.isArray(value)) return lists(value as readonly PyConstant[], turns);
  if (typeof value !== "number") return [];
  if (range === "fraction") return distinct([value, ...turns, ...fractionsAround(turns)]).map((each) => [each]);
  const beside = (turn: number, sign: number): Level => {
    const start = sign > 0 ? Math.floor(turn) : Math.ceil(turn);
    return steps[range].map((step) => start + sign * step).filter((each) => each > 0);
  };
  const [above, below] = [turns.map((turn) => beside(turn, 1)), turns.map((turn) => beside(turn, -1))];
  const at = turns.filter(Number.isInteger).map((turn) => [turn]);
  return [[value], ...above.slice(0, 1), ...below.slice(-1), ...at, ...above.slice(1), ...below.slice(0, -1)];
}

/** A number as every item, as one at some place, and as how many there are. */
function lists(given: readonly PyConstant[], turns: readonly number[]): readonly Level[] {
  const items = given.filter((item) => typeof item === "number");
  const whole = turns.filter(Number.isInteger);
  if (items.length < given.length || items.length === 0) return [];
  const filled = (turn: number): PyConstant => items.map(() => turn + 1);
  const held = (place: number): PyConstant[] =>
    whole.flatMap((turn) =>
      items.at(place) === undefined ? [] : [items.map((item) => (item === turn ? item + 1 : item)).with(place, turn)],
    );
  const long = (more: number): PyConstant[] =>
    whole.flatMap((turn) =>
      turn > mostItems ? [] : [Array.from({ length: turn + more }, (_, i) => items[i % items.length] as number)],
    );
  const all = [given, filled(turns[0] as number), ...held(0), ...long(1), ...held(1), ...held(-1), ...long(0)];
  return distinct([...all, ...turns.slice(1).map(filled)]).map((each) => [each]);
}

/** Numbers below 0 and between whole ones, of a setting by which nothing is counted: between whole ones only where no layer is made with it, which is whole. */
export function signed({ name, value }: Setting, base: Sample, rebuilder: Rebuilder): readonly number[] {
  if (typeof value !== "number") return [];
  const taken = [-1, value + 0.5].filter((each) => {
    const built = rebuilder.at(new Map([[name, each]]));
    return built !== undefined && (each < 0 || layerText(built) === layerText(base));
  });
  return taken.length === 0 || rebuilder.isCount(name) ? [] : taken;
}
