/** Norms. */
import { ops } from "../../src/ops/index.ts";
import type { Feature } from "../feature.ts";
import { layer } from "../tracing/record.ts";
import type { SameValues } from "./same-values.ts";

type Same<C extends number> = <S extends number>(x: Feature<C, S>) => Feature<C, S>;

/** Group normalisation (Wu and He 2018). */
export function groupNorm<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
  /** Runs of channels that are normalised together. Default: the largest divisor of channels that is at most min(32, channels/4). */
  readonly groups?: number;
  /** Added to the variance. Default: 0.00001. */
  readonly eps?: number;
}): Same<C> {
  return layer(ops.groupNorm, config, groupNorm, arguments);
}

/** Batch normalisation; ONNX graphs use the running statistics. */
export function batchNorm2d<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
  /** Added to the variance. Default: 0.00001. */
  readonly eps?: number;
  /** Whether every channel is then multiplied by a learned number, and another is added. Default: true. */
  readonly affine?: boolean;
}): Same<C> {
  return layer(ops.batchNorm2d, config, batchNorm2d, arguments);
}

/** Layer normalisation over the channels, at every position of a map or token sequence, or of a vector (Ba et al. 2016). */
export function layerNorm<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
  /** Added to the variance. Default: 0.00001. */
  readonly eps?: number;
  /** Whether a learned number is added to every channel. Default: true. */
  readonly bias?: boolean;
}): SameValues<C> {
  return layer(ops.layerNorm, config, layerNorm, arguments);
}

/** Divides by the root of the mean square over the channels, at every position of a map or token sequence, or of a vector (Zhang and Sennrich 2019). */
export function rmsNorm<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
  /** Added to the mean square. Default: 0.00001. */
  readonly eps?: number;
  /** Whether a learned number is added to every channel. Default: false. */
  readonly bias?: boolean;
}): SameValues<C> {
  return layer(ops.rmsNorm, config, rmsNorm, arguments);
}

/** Instance normalisation: every channel of every image over its positions (Ulyanov et al. 2016). */
export function instanceNorm<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
  /** Added to the variance. Default: 0.00001. */
  readonly eps?: number;
  /** Whether every channel has a learned scale and shift. Default: false. */
  readonly affine?: boolean;
}): Same<C> {
  return layer(ops.instanceNorm, config, instanceNorm, arguments);
}
