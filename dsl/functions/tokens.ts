/** Maps as sequences of tokens, and back. */
import { ops } from "../../src/ops/index.ts";
import type { Feature, Tokens, Vector } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** The positions of a map as a sequence, row by row: [N, C, H, W] becomes [N, C, H·W]. A vector becomes a sequence of one token. */
export function tokens<C extends number>(x: Feature<C, number> | Vector<C>): Tokens<C> {
  return apply(ops.tokens, {}, [x], tokens, arguments);
}

/** A sequence as a map again, [N, C, H·W] as [N, C, H, W], with the sides of `like`, whose channels may be others. */
export function untokens<C extends number, S extends number>(x: Tokens<C>, like: Feature<number, S>): Feature<C, S> {
  return apply(ops.untokens, {}, [x, like], untokens, arguments);
}
