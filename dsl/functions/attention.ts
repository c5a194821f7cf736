/** Attention. */
import { ops } from "../../src/ops/index.ts";
import type { Feature, Parameter, Tokens } from "../feature.ts";
import { apply } from "../tracing/record.ts";
import { tracedShape } from "../tracing/trace.ts";

interface AttentionConfig {
  /** Heads that attend side by side, each over its own run of channels. Default: 1. */
  readonly heads?: number;
}

/**
 * Scaled dot-product attention of every position of the queries to all of the keys and values (Vaswani et al. 2017). Of one feature it is
 * self-attention, with keys and values of another cross-attention. Queries and keys have the same channels, keys and values the same positions; what
 * comes out has the positions of the queries and the channels of the values. `bias`, a learned [heads, queries, keys] for positions of fixed number, is added to the
 * scores.
 */
export function attention<C extends number, S extends number, V extends number, K extends number>(
  query: Feature<C, S>,
  key: Feature<NoInfer<C>, K>,
  value: Feature<V, NoInfer<K>>,
  config?: AttentionConfig,
): Feature<V, S>;
export function attention<C extends number, S extends number, V extends number>(
  query: Feature<C, S>,
  key: Tokens<NoInfer<C>>,
  value: Tokens<V>,
  config?: AttentionConfig,
): Feature<V, S>;
export function attention<C extends number, V extends number, K extends number>(
  query: Tokens<C>,
  key: Feature<NoInfer<C>, K>,
  value: Feature<V, NoInfer<K>>,
  config?: AttentionConfig,
): Tokens<V>;
export function attention<C extends number, V extends number>(
  query: Tokens<C>,
  key: Tokens<NoInfer<C>>,
  value: Tokens<V>,
  config?: AttentionConfig,
): Tokens<V>;
export function attention<V extends number, Q extends Feature<number, number> | Tokens<number>>(
  query: Q,
  key: Feature<number, number> | Tokens<number>,
  value: Feature<V, number> | Tokens<V>,
  bias: Parameter<readonly [heads: number, queries: number, keys: number]>,
  config?: AttentionConfig,
): Q extends Feature<number, infer S> ? Feature<V, S> : Tokens<V>;
export function attention(query: unknown, key: unknown, value: unknown, ...rest: readonly unknown[]): unknown {
  const hasBias = tracedShape(rest[0]) !== undefined;
  const config = (hasBias ? rest[1] : rest[0]) as AttentionConfig | undefined;
  return apply(ops.attention, config ?? {}, [query, key, value, ...(hasBias ? [rest[0]] : [])], attention, arguments);
}

interface LinearAttentionConfig {
  /** Heads that attend side by side, each over its own run of channels. Default: 1. */
  readonly heads?: number;
  /** Added to the sum of the weights. Default: 1e-15. */
  readonly eps?: number;
}

/**
 * Attention with the weights relu(query)·relu(key) over their sum (EfficientViT, Cai et al. 2023): its cost grows with the positions, not with their square.
 * It takes and gives what `attention` does.
 */
export function linearAttention<C extends number, S extends number, V extends number, K extends number>(
  query: Feature<C, S>,
  key: Feature<NoInfer<C>, K>,
  value: Feature<V, NoInfer<K>>,
  config?: LinearAttentionConfig,
): Feature<V, S>;
export function linearAttention<C extends number, S extends number, V extends number>(
  query: Feature<C, S>,
  key: Tokens<NoInfer<C>>,
  value: Tokens<V>,
  config?: LinearAttentionConfig,
): Feature<V, S>;
export function linearAttention<C extends number, V extends number, K extends number>(
  query: Tokens<C>,
  key: Feature<NoInfer<C>, K>,
  value: Feature<V, NoInfer<K>>,
  config?: LinearAttentionConfig,
): Tokens<V>;
export function linearAttention<C extends number, V extends number>(
  query: Tokens<C>,
  key: Tokens<NoInfer<C>>,
  value: Tokens<V>,
  config?: LinearAttentionConfig,
): Tokens<V>;
export function linearAttention(query: unknown, key: unknown, value: unknown, config: LinearAttentionConfig = {}): unknown {
  return apply(ops.linearAttention, config, [query, key, value], linearAttention, arguments);
}

interface WindowAttentionConfig {
  /** Heads that attend side by side, each over its own run of channels. Default: 1. */
  readonly heads?: number;
  /** Positions along each side of a window; it divides the sides of the map. */
  readonly windowSize: number;
  /** How far windows are moved, less than their size: half of it in every second block. Default: 0. */
  readonly shift?: number;
}

/**
 * Attention within windows of `windowSize`×`windowSize` positions (Swin, Liu et al. 2021): its cost grows with the positions, not with their square. With a
 * `shift`, windows lie that far from the map's corner and go on at the other side, where positions that are no neighbours do not see each other.
 * `table` is a `relativePositionBias` of the same windows and heads, read; without one nothing is added to the scores.
 */
export function windowAttention<C extends number, S extends number, V extends number>(
  query: Feature<C, S>,
  key: Feature<NoInfer<C>, NoInfer<S>>,
  value: Feature<V, NoInfer<S>>,
  config: WindowAttentionConfig,
): Feature<V, S>;
export function windowAttention<C extends number, S extends number, V extends number>(
  query: Feature<C, S>,
  key: Feature<NoInfer<C>, NoInfer<S>>,
  value: Feature<V, NoInfer<S>>,
  table: Parameter<readonly [number, number]>,
  config: WindowAttentionConfig,
): Feature<V, S>;
export function windowAttention(
  query: unknown,
  key: unknown,
  value: unknown,
  ...rest: readonly [WindowAttentionConfig] | readonly [table: unknown, config: WindowAttentionConfig]
): unknown {
  const [tables, config] = rest.length === 1 ? [[], rest[0]] : [[rest[0]], rest[1]];
  return apply(ops.windowAttention, config, [query, key, value, ...tables], windowAttention, arguments);
}
