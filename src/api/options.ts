/** What scripts without types, and calls that TypeScript does not see through, give these functions: unknown options and wrong values are refused by name. */
import { nearest, UsageError } from "../errors/index.ts";

/** What an option can be; `expected` ends "signal of count is …". */
export interface Kind {
  readonly expected: string;
  readonly help?: string;
  fits(value: unknown): boolean;
}

/** Every option of a function, and what it can be. */
export type KindsOf<Options> = { readonly [Name in keyof Options]-?: Kind };

const isFunction = (value: unknown): boolean => typeof value === "function";

/** Whether a value is what stands in braces: no list, no bytes, no instance of anything. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

export const flag: Kind = { expected: "true or false", fits: (value) => typeof value === "boolean" };
export const called: Kind = { expected: "a function", fits: isFunction };
export const text: Kind = { expected: "a text", fits: (value) => typeof value === "string" && value !== "" };
export const record: Kind = { expected: "an object", fits: isRecord };

/** A whole number of at least `min`. */
export function wholeFrom(min: number): Kind {
  const fits = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= min;
  return { expected: `a whole number of at least ${min}`, fits };
}

/** A list whose items an example shows. */
export function listLike(example: string, fits: (item: unknown) => boolean): Kind {
  return { expected: `a list such as ${example}`, fits: (value) => Array.isArray(value) && value.every(fits) };
}

/** What `Working` has. */
export const workingKinds = {
  signal: {
    expected: "an AbortSignal",
    help: "give the signal of an AbortController, or AbortSignal.timeout(10_000)",
    fits: (value) => value instanceof AbortSignal,
  },
  progress: called,
} as const satisfies Record<string, Kind>;

export const partNames: Kind = listLike('["encoder"]', (item) => typeof item === "string");

/** Refuses options that the function does not have, the nearest named, and values that are none of theirs. Throws UsageError. */
export function checkOptions(of: string, options: object, kinds: Readonly<Record<string, Kind>>): void {
  const names = Object.keys(kinds);
  if (!isRecord(options)) {
    throw new UsageError({
      what: `${of} is not given its options in an object`,
      expected: `{ ${names.join(", ")} }`,
      found: shown(options),
      help: "write them by their names, in braces",
    });
  }
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw unknownOption(of, name, names);
    if (value === undefined || kind.fits(value)) continue;
    throw new UsageError({
      what: `${name} of ${of} cannot be this`,
      expected: kind.expected,
      found: shown(value),
      help: kind.help ?? `give ${name} ${kind.expected}, or leave it out`,
    });
  }
}

/** What is told of an option that is not there. */
export function unknownOption(of: string, name: string, names: readonly string[]): UsageError {
  const meant = nearest(name, names) ?? names.find((each) => each.startsWith(name) || name.startsWith(each));
  return new UsageError({
    what: `${of} has no option ${name}`,
    expected: names.join(", "),
    found: name,
    help: meant === undefined ? "leave it out" : `did you mean ${meant}?`,
  });
}

/** A value as it stands in a script, shortened. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (isFunction(value)) return "a function";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !isRecord(value)) {
    const { name } = value.constructor;
    return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
  }
  const whole =
    (JSON.stringify(value, (_, each: unknown) => (typeof each === "number" ? numberIn(each) : each)) as string | undefined) ??
    `a ${typeof value}`;
  return whole.length > 80 ? `${whole.slice(0, 80)}…` : whole;
}

/** JSON has no words for NaN and infinities. */
function numberIn(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
