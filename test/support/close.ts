import { expect } from "vitest";

interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** The largest difference between two tensors; NaN when either holds one. */
export function largestError(found: Values, expected: Values): number {
  expect(found.shape).toEqual(expected.shape);
  let largest = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const error = Math.abs(Number(found.data[i]) - Number(expected.data[i]));
    if (!(error <= largest)) largest = error;
    if (Number.isNaN(error)) return NaN;
  }
  return largest;
}

/** Refuses an error above tolerance · max(1, max|expected|). */
export function expectClose(found: Values, expected: Values, tolerance: number): void {
  let scale = 1;
  for (const value of expected.data) scale = Math.max(scale, Math.abs(Number(value)));
  expect(largestError(found, expected)).toBeLessThanOrEqual(tolerance * scale);
}
