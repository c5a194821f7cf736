import { nearest, UserError } from "../src/errors/index.ts";
import { captureSource, placeOf } from "../src/ir/source.ts";

/**
 * Refuses settings that do not exist. TypeScript does so where a configuration is written out; one that comes through a variable or a
 * spread passes it.
 */
export function checkKeys(op: string, config: object, known: readonly string[], below: (...args: never[]) => unknown): void {
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

/** Refuses counts that are not whole numbers of at least `min`; `below` is the constructor that the user called. */
export function checkCounts(
  op: string,
  counts: Readonly<Record<string, number>>,
  below: (...args: never[]) => unknown,
  min = 1,
): void {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isInteger(count) && count >= min) continue;
    throw new UserError({
      what: `${name} of ${op} is not a whole number of at least ${min}`,
      where: placeOf(captureSource(below)),
      op,
      expected: `${name}: a whole number ≥ ${min}`,
      found: `${name}: ${String(count)}`,
      help: typeof count === "number" ? "check the arithmetic that gives this count, and round where it divides" : `set ${name}`,
    });
  }
}

/** Refuses numbers outside of [min, max], NaN among them. */
export function checkRange(
  op: string,
  values: Readonly<Record<string, number>>,
  min: number,
  max: number,
  below: (...args: never[]) => unknown,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value >= min && value <= max) continue;
    const limit = (bound: number): string => (Math.abs(bound) === Number.MAX_VALUE ? "any finite number" : String(bound));
    throw new UserError({
      what: `${name} of ${op} is out of range`,
      where: placeOf(captureSource(below)),
      op,
      expected:
        min === Number.MIN_VALUE ? `${name}: above 0, at most ${limit(max)}` : `${name}: from ${limit(min)} to ${limit(max)}`,
      found: `${name}: ${value}`,
      help: `choose a ${name} in this range`,
    });
  }
}

/** Refuses a value outside of a list of names. */
export function checkChoice(
  what: string,
  value: unknown,
  choices: readonly string[],
  below: (...args: never[]) => unknown,
): void {
  if (choices.includes(value as string)) return;
  throw new UserError({
    what: `${what} has no such choice`,
    where: placeOf(captureSource(below)),
    expected: choices.join(", "),
    found: String(value),
    help: `choose one of ${choices.join(", ")}`,
  });
}
