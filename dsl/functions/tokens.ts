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

interface MatmulConfig<T extends "none" | "first" | "second"> {
  /** Which of the two is taken as positions × channels. Default: "none". */
  readonly transposed?: T;
}

/**
 * The product of two sequences as matrices of channels × positions: [N, A, B] and [N, B, L] give [N, A, L]. With the second one transposed sums run over the positions,
 * and its channels are the positions of what comes out: [N, A, L] and [N, B, L] give [N, A, B]. So attention between channels is
 * `matmul(softmax(matmul(k, q, { transposed: "second" })), v, { transposed: "first" })`.
 */
export function matmul<A extends number, const T extends "none" | "first" | "second" = "none">(
  a: Tokens<A>,
  b: Tokens<number>,
  config: MatmulConfig<T> = {},
): Tokens<T extends "first" ? number : A> {
  return apply(ops.matmul, config, [a, b], matmul, arguments);
}
