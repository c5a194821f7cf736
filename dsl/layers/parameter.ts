/** Parameters that are no part of another layer. */
import { ops } from "../../src/ops/index.ts";
import type { Parameter } from "../feature.ts";
import { layer } from "../tracing/record.ts";

/**
 * A learned tensor of its own, named by `layers` and read by calling it: `mul(h, l.gamma())`. Its key is its name, without `weight` behind it.
 */
export function parameter<const D extends readonly number[]>(config: {
  /** Its sizes: [C, 1, 1] is a number per channel of a map, [C] of a vector, [1] a single one. */
  readonly shape: D;
  /** The value at first; of a normal distribution the deviation, of a uniform one the bound, of arange the step. Default: 0. */
  readonly init?: number;
  /** How values are drawn at first; arange counts 0, init, 2·init, … in the order in which they are stored. Default: "constant". */
  readonly distribution?: "constant" | "normal" | "uniform" | "arange";
}): () => Parameter<D> {
  return layer(ops.parameter, config, parameter, arguments);
}

/**
 * The relative position bias of `windowAttention`, a learned table named by `layers` and read by calling it: a number for each distance between two positions of a
 * window and each head (Liu et al. 2021). Its key is its name, as `relative_position_bias_table` in published files.
 */
export function relativePositionBias(config: {
  /** Positions along each side of a window. */
  readonly windowSize: number;
  /** Heads of the attention. Default: 1. */
  readonly heads?: number;
}): () => Parameter<readonly [number, number]> {
  return layer(ops.relativePositionBias, config, relativePositionBias, arguments);
}
