/** Checks on what authors write: keys, counts, numbers, choices. */
import { nearest, UserError } from "../src/errors/index.ts";
import type { Interval } from "../src/ir/attributes.ts";
import { captureSource, placeOf } from "../src/ir/source.ts";

/** The constructor that the user called: the place of an error is where it was called. */
export type Below = (...args: never[]) => unknown;

type Settings = Readonly<Record<string, unknown>>;

/**
 * Refuses settings that do not exist, and what is no settings at all. TypeScript does so where a configuration is written out; one that comes
 * through a variable or a spread passes it.
 */
export function checkKeys(op: string, config: unknown, known: readonly string[], below: Below): void {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new UserError({
      what: `${op} is not given its settings in an object`,
      where: placeOf(captureSource(below)),
      expected: `{ ${known.join(", ")} }`,
      found: described(config),
      help: "write them by their names, in braces",
    });
  }
  const unknown = Object.keys(config).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  throw new UserError({
    what: `${op} has no setting ${unknown}`,
    where: placeOf(captureSource(below)),
    expected: known.join(", "),
    found: unknown,
    help: meant === undefined ? "leave it out" : `did you mean ${meant}?`,
  });
}

/** Refuses counts that are not whole numbers of at least `min`. */
export function checkCounts(op: string, counts: Settings, below: Below, min = 1): void {
  for (const [name, count] of Object.entries(counts)) {
    if (typeof count === "number" && Number.isInteger(count) && count >= min) continue;
    throw new UserError({
      what: `${name} of ${op} is not a whole number of at least ${min}`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: a whole number ≥ ${min}`,
      found: `${name}: ${described(count)}`,
      help: typeof count === "number" ? "check the arithmetic that gives this count, and round where it divides" : `set ${name}`,
    });
  }
}

/** Refuses multiples of a count, named `of`, that are no channels: its half may be, and a third of 16 is none. */
export function checkWidths(op: string, of: string, base: number, multipliers: readonly number[], below: Below): void {
  checkCounts(op, { [of]: base }, below);
  checkCounts(op, Object.fromEntries(multipliers.map((each, i) => [`${of} · multipliers[${i}]`, base * each])), below);
}

/** Refuses what is neither a count nor one for each side. */
export function checkPair(op: string, name: string, pair: unknown, below: Below, min?: number): void {
  if (!Array.isArray(pair)) {
    checkCounts(op, { [name]: pair }, below, min);
    return;
  }
  const sides: readonly unknown[] = pair;
  if (sides.length === 2) {
    checkCounts(op, { [`${name}[0]`]: sides[0], [`${name}[1]`]: sides[1] }, below, min);
    return;
  }
  throw new UserError({
    what: `${name} of ${op} is not a pair`,
    where: placeOf(captureSource(below)),
    op,
    expected: `${name}: a whole number for both sides, or [height, width]`,
    found: `${name}: a list of ${sides.length}`,
    help: `set ${name} to one number or to two`,
  });
}

/** Refuses what is no list, or one of another length. */
export function checkList(op: string, name: string, list: unknown, lengths: Interval, below: Below): void {
  if (Array.isArray(list) && list.length >= lengths.min && list.length <= lengths.max) return;
  throw new UserError({
    what: `${name} of ${op} is not a list of ${lengths.min} to ${lengths.max} numbers`,
    where: placeOf(captureSource(below)),
    op,
    expected: `${name}: [16, 1, 1], or another list`,
    found: `${name}: ${Array.isArray(list) ? `a list of ${list.length}` : described(list)}`,
    help: `set ${name} to a list of whole numbers`,
  });
}

/** Refuses what is no text of one line: names stand in tables, paths and graphs. */
export function checkText(op: string, texts: Settings, below: Below): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text === "string" && !/[\p{Cc}\u2028\u2029]/u.test(text)) continue;
    throw new UserError({
      what: `${name} of ${op} is not a line of text`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: text without line breaks and control characters`,
      found: `${name}: ${typeof text === "string" ? JSON.stringify(text) : described(text)}`,
      help: `set ${name} to plain text`,
    });
  }
}

/** The largest number that graphs and packages hold. */
const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

const smallestFloat32 = 2 ** -149;

/** Refuses NaN, infinity, what float32 has as infinity, and what is no number. */
export function checkFinite(op: string, values: Settings, below: Below): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number" && Math.abs(value) <= largestFloat32) continue;
    throw new UserError({
      what: `${name} of ${op} is not a finite number`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: a number that float32 holds`,
      found: `${name}: ${described(value)}`,
      help: typeof value === "number" ? `check the arithmetic that gives this ${name}` : `give ${name} a number`,
    });
  }
}

/** Refuses numbers that float32 has as 0 and that are none. */
export function checkUnderflow(op: string, values: Settings, below: Below): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === 0 || Math.fround(value as number) !== 0) continue;
    throw new UserError({
      what: `${name} of ${op} is too small`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: 0, or at least ${smallestFloat32} in magnitude, as float32 holds it`,
      found: `${name}: ${described(value)}`,
      help: `graphs would compute with 0: choose a larger ${name}`,
    });
  }
}

/** `from 0 to 1`, `above 0, at most 1`, `at most 1`. */
export function formatInterval({ min, max, open = false }: Interval): string {
  if (min === -Infinity) return `at most ${max}`;
  if (max === Infinity) return open ? `above ${min}` : `at least ${min}`;
  return open ? `above ${min}, at most ${max}` : `from ${min} to ${max}`;
}

function described(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

/** Refuses numbers outside of an interval, NaN among them. */
export function checkRange(op: string, values: Settings, interval: Interval, below: Below): void {
  const { min, max, open = false } = interval;
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "number" && (open ? value > min : value >= min) && value <= max) continue;
    throw new UserError({
      what: `${name} of ${op} is out of range`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: ${formatInterval(interval)}`,
      found: `${name}: ${described(value)}`,
      help: `choose a ${name} in this range`,
    });
  }
}

/** Refuses a value outside of a list of names. */
export function checkChoice(what: string, value: unknown, choices: readonly string[], below: Below): void {
  if (choices.includes(value as string)) return;
  throw new UserError({
    what: `${what} has no such choice`,
    where: placeOf(captureSource(below)),
    expected: choices.join(", "),
    found: String(value),
    help: `choose one of ${choices.join(", ")}`,
  });
}

/** Refuses what is neither true nor false. */
export function checkFlag(op: string, flags: Settings, below: Below): void {
  for (const [name, value] of Object.entries(flags)) {
    if (typeof value === "boolean") continue;
    throw new UserError({
      what: `${name} of ${op} is neither true nor false`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: true or false`,
      found: `${name}: ${described(value)}`,
      help: `set ${name} to true or false`,
    });
  }
}
