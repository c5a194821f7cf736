/** The compiler contradicts itself: a bug of ours, exit code 70. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** The value, which must be there; InternalError says what is missing. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new InternalError(`${what} is missing`);
  return value;
}
