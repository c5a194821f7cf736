/** What training alone applies. */
import { ops } from "../../src/ops/index.ts";
import type { FeatureOrVector } from "../feature.ts";
import { layer } from "../tracing/record.ts";

/** Dropout, training only. */
export function dropout(config: {
  /** Share of the values that become 0. */
  readonly rate: number;
}): <X extends FeatureOrVector>(x: X) => X {
  return layer(ops.dropout, config, dropout, arguments);
}

/** Zeroes whole images at random, training only: for the branch of a residual block (Huang et al. 2016). */
export function stochasticDepth(config: {
  /** Share of the images that become 0. */
  readonly rate: number;
}): <X extends FeatureOrVector>(x: X) => X {
  return layer(ops.stochasticDepth, config, stochasticDepth, arguments);
}
