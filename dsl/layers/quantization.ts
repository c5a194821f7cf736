/** Learned codebooks. */
import { ops } from "../../src/ops/index.ts";
import { layer } from "../tracing/record.ts";
import type { SameValues } from "./same-values.ts";

/**
 * Vector quantization (arXiv:1711.00937): at every position the nearest entry of a learned codebook, `weight` [codes, channels], with the gradient of the input. The
 * trainer knows its terms: losses.commitment, and losses.codebook where there is no decay.
 */
export function vectorQuantizer<const C extends number>(config: {
  /** Channels of the input, and of every entry. */
  readonly channels: C;
  /** Entries of the codebook. */
  readonly codes: number;
  /** Of the exponential moving averages that entries are of what was nearest to them (arXiv:1711.00937 App. A.1): a buffer. 0: they learn by gradients. Default: 0. */
  readonly decay?: number;
}): SameValues<C> {
  return layer(ops.vectorQuantizer, config, vectorQuantizer, arguments);
}
