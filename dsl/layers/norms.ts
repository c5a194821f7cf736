/** Norms. */
import { ops } from "../../src/ops/index.ts";
import type { Feature } from "../feature.ts";
import { layer } from "../tracing/record.ts";

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
  return layer(ops.groupNorm, config, groupNorm);
}

/** Batch normalisation; ONNX graphs use the running statistics. */
export function batchNorm2d<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
  /** Added to the variance. Default: 0.00001. */
  readonly eps?: number;
}): Same<C> {
  return layer(ops.batchNorm2d, config, batchNorm2d);
}
