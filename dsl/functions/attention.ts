/** Attention. */
import { ops } from "../../src/ops/index.ts";
import type { Feature } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** Scaled dot-product attention between all positions. */
export function attention<C extends number, S extends number>(
  query: Feature<C, S>,
  key: Feature<NoInfer<C>, NoInfer<S>>,
  value: Feature<NoInfer<C>, NoInfer<S>>,
  config: {
    /** Heads that attend side by side, each over its own run of channels. Default: 1. */
    readonly heads?: number;
  } = {},
): Feature<C, S> {
  return apply(ops.attention, config, [query, key, value], attention);
}
