/** Activations that learn. */
import { ops } from "../../src/ops/index.ts";
import type { Feature } from "../feature.ts";
import { layer } from "../tracing/record.ts";
import type { SameValues } from "./same-values.ts";

/** Parametric rectified linear unit: negative values times a learned slope per channel, 0.25 at first (He et al. 2015). */
export function prelu<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
}): SameValues<C> {
  return layer(ops.prelu, config, prelu, arguments);
}

/** x + sin²(αx)/α with a learned α per channel, 1 at first (Ziyin et al. 2020). */
export function snake<const C extends number>(config: {
  /** Channels of the input. */
  readonly channels: C;
}): <S extends number>(x: Feature<C, S>) => Feature<C, S> {
  return layer(ops.snake, config, snake, arguments);
}
