/** What a graph may differ by from a float64 evaluation of its model, y: one bound, which `verify` tells in these words. */
import type { Manifest } from "../compiler/manifest.ts";
import type { Measured } from "./package.ts";

export interface Allowance {
  /** Relative to max|y|. */
  readonly relative: number;
  /** Relative to the largest difference of a float32 evaluation from y: what rounding does to this function on this image. */
  readonly rounding: number;
}

const single: Allowance = { relative: 1e-4, rounding: 8 };
/** Half precision rounds to 2^-11 and single to 2^-24, but less often; some dozens of layers add up. */
const half: Allowance = { relative: 1e-2, rounding: 2 ** 13 };

/** Of a part in float16 twice what calibration found, where that is more. */
export function allowance({ precision, calibration }: Manifest, part: string): Allowance {
  if (precision !== "fp16") return single;
  // eslint-disable-next-line no-restricted-syntax -- only parts in float16 were calibrated
  return { ...half, relative: Math.max(half.relative, 2 * (calibration?.parts[part]?.worst_error ?? 0)) };
}

/** max(relative·max|y|, rounding·max|y32 − y|): nothing but y and its own rounding give the scale. NaN where y is not finite. */
export function boundOf({ relative, rounding }: Allowance, { largest, rounding: own }: Measured): number {
  return Math.max(relative * (largest ?? NaN), rounding * (own ?? NaN));
}
