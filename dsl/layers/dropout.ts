/** What training alone applies. */
import { ops } from "../../src/ops/index.ts";
import type { FeatureOrVector } from "../feature.ts";
import { layer } from "../tracing/record.ts";

/** Dropout, training only. */
export function dropout(config: {
  /** Share of the values that become 0. */
  readonly rate: number;
}): <X extends FeatureOrVector>(x: X) => X {
  return layer(ops.dropout, config, dropout);
}
