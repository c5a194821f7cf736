/** What training alone applies. */
import { ops } from "../../src/ops/index.ts";
import type { Feature } from "../feature.ts";
import { layer } from "../tracing/record.ts";

/** Dropout, training only. */
export function dropout(config: {
  /** Share of the values that become 0. */
  readonly rate: number;
}): <C extends number, S extends number>(x: Feature<C, S>) => Feature<C, S> {
  return layer(ops.dropout, config, dropout);
}
