/** Values on levels. Learned codebooks are layers: vectorQuantizer. */
import { ops } from "../../src/ops/index.ts";
import type { FeatureOrVector } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** The nearest whole number, halves to even, with the gradient of its input (straight-through estimator, Bengio et al. 2013). */
export function roundSte<X extends FeatureOrVector>(x: X): X {
  return apply(ops.roundSte, {}, [x], roundSte, arguments);
}

/**
 * Finite scalar quantization (arXiv:2309.15505): every channel bounded by tanh and rounded to one of its levels in [−1, 1], with the gradient of the bounded
 * values. There are as many channels as levels; the codebook has their product of entries.
 */
export function fsq<X extends FeatureOrVector>(
  x: X,
  config: {
    /** Levels of each channel, 2 at least; the codebook has their product of entries. */
    readonly levels: readonly number[];
  },
): X {
  return apply(ops.fsq, config, [x], fsq, arguments);
}

/**
 * Lookup-free quantization (arXiv:2310.05737 §3.1): 1 where a value is above 0, −1 elsewhere, with the gradient of the input. C channels make a codebook of 2^C
 * entries. The trainer knows its terms: losses.commitment and losses.entropy.
 */
export function lfq<X extends FeatureOrVector>(x: X): X {
  return apply(ops.lfq, {}, [x], lfq, arguments);
}
