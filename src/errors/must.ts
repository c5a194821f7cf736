/** The compiler contradicts itself: a bug in litevae, exit code 70. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** The value, which must be there; InternalError says what is missing. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new InternalError(`${what} is missing`);
  return value;
}

/** A list that holds something. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** The list, which must hold something; InternalError says what is missing. */
export function nonEmpty<T>(items: readonly T[], what: string): NonEmpty<T> {
  if (items.length === 0) throw new InternalError(`${what} is missing`);
  return items as NonEmpty<T>;
}
