/** What joins, takes apart and counts channels. */
import { ops } from "../../src/ops/index.ts";
import { above, checkedArguments } from "../arguments.ts";
import type {
  Chunks,
  Difference,
  Feature,
  Product,
  Quotient,
  Sum,
  TokenChunks,
  Tokens,
  Vector,
  VectorChunks,
} from "../feature.ts";
import { apply, applyAll } from "../tracing/record.ts";
import { tracedChannels } from "../tracing/trace.ts";

/** Joins along the channels, which are summed: maps of one stride as the first has it, token sequences of one length, or vectors. */
export function concat<F extends Joinable, const R extends readonly Joinable[]>(
  first: F,
  ...rest: { [K in keyof R]: R[K] & Beside<F> }
): Joined<F, R> {
  return apply(ops.concat, {}, [first, ...rest], concat, arguments);
}

type Joinable = Feature<number, number> | Tokens<number> | Vector<number>;

// With `any` for what is not asked, these hold for features of a block's own generic parameters, too.
/* eslint-disable @typescript-eslint/no-explicit-any */
/** What can stand beside another in `concat`. */
type Beside<F> = F extends Feature<any, infer S> ? Feature<number, S> : F extends Tokens<any> ? Tokens<number> : Vector<number>;

type ChannelsOf<F> = F extends Feature<infer C, any> | Tokens<infer C> | Vector<infer C> ? C : never;

type Joined<F, R extends readonly unknown[], C extends number = Sum<{ [K in keyof R]: ChannelsOf<R[K]> }, ChannelsOf<F>>> =
  F extends Feature<any, infer S> ? Feature<C, S> : F extends Tokens<any> ? Tokens<C> : Vector<C>;
/* eslint-enable @typescript-eslint/no-explicit-any */

/** Channels start to stop, stop excluded, of a map, a token sequence or a vector. */
export function slice<const A extends number, const B extends number>(
  x: Vector<number>,
  config: SliceConfig<A, B>,
): Vector<Difference<B, A>>;
export function slice<const A extends number, const B extends number>(
  x: Tokens<number>,
  config: SliceConfig<A, B>,
): Tokens<Difference<B, A>>;
export function slice<S extends number, const A extends number, const B extends number>(
  x: Feature<number, S>,
  config: SliceConfig<A, B>,
): Feature<Difference<B, A>, S>;
export function slice(x: unknown, config: SliceConfig<number, number>): unknown {
  return apply(ops.slice, config, [x], slice, arguments);
}

interface SliceConfig<A extends number, B extends number> {
  readonly start: A;
  readonly stop: B;
}

/**
 * Appends a channel with the deviation over groups of consecutive images, averaged over channels and positions, so that a discriminator sees how much
 * they differ (Karras et al. 2018). For training alone: ONNX has no form for it.
 */
export function minibatchStddev<C extends number, S extends number>(
  x: Feature<C, S>,
  config: {
    /** Images in a group. Default: 4. */
    readonly group?: number;
  } = {},
): Feature<Sum<[1], C>, S> {
  return apply(ops.minibatchStddev, config, [x], minibatchStddev, arguments);
}

/** Splits the channels into equal runs. */
export function chunk<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: { readonly chunks: K },
): Chunks<C, S, K>;
export function chunk<C extends number, const K extends number>(x: Tokens<C>, config: { readonly chunks: K }): TokenChunks<C, K>;
export function chunk<C extends number, const K extends number>(x: Vector<C>, config: { readonly chunks: K }): VectorChunks<C, K>;
export function chunk(x: unknown, config: { readonly chunks: number }): unknown {
  return applyAll(ops.chunk, config, [x], chunk, arguments);
}

/**
 * Splits every one of equal groups of channels into equal runs: the first runs of all groups make the first output, and so on. So come queries, keys and
 * values out of one convolution in which those of each head stand together.
 */
export function groupedChunk<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: GroupedChunkConfig<K>,
): Chunks<C, S, K>;
export function groupedChunk<C extends number, const K extends number>(
  x: Tokens<C>,
  config: GroupedChunkConfig<K>,
): TokenChunks<C, K>;
export function groupedChunk(x: unknown, config: GroupedChunkConfig<number>): unknown {
  return applyAll(ops.groupedChunk, config, [x], groupedChunk, arguments);
}

interface GroupedChunkConfig<K extends number> {
  /** How many runs a group has. */
  readonly chunks: K;
  /** How many groups. */
  readonly groups: number;
}

/**
 * Splits the channels into runs of given sizes. With `groups`, every one of equal groups of channels is split so: the first runs of all groups make the
 * first output, and so on. So come queries, keys and wider values out of one convolution in which those of each head stand together.
 */
export function split<S extends number, const L extends readonly number[], const G extends number = 1>(
  x: Feature<number, S>,
  config: SplitConfig<L, G>,
): { readonly [I in keyof L]: Feature<Product<L[I], G>, S> };
export function split<const L extends readonly number[], const G extends number = 1>(
  x: Tokens<number>,
  config: SplitConfig<L, G>,
): { readonly [I in keyof L]: Tokens<Product<L[I], G>> };
export function split<const L extends readonly number[], const G extends number = 1>(
  x: Vector<number>,
  config: SplitConfig<L, G>,
): { readonly [I in keyof L]: Vector<Product<L[I], G>> };
export function split(x: unknown, config: SplitConfig<readonly number[], number>): unknown {
  return applyAll(ops.split, config, [x], split, arguments);
}

interface SplitConfig<L extends readonly number[], G extends number> {
  /** Channels of each run, in order; of each run in a group. */
  readonly sizes: L;
  /** Equal groups of channels that are split alike, such as heads. Default: 1. */
  readonly groups?: G;
}

/** Repeats every channel, its copies side by side. */
export function repeatInterleave<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: {
    /** Channels that each becomes. */
    readonly repeats: K;
  },
): Feature<Product<C, K>, S> {
  return apply(ops.repeatInterleave, config, [x], repeatInterleave, arguments);
}

/** Mean over equal runs of channels. */
export function channelMean<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: {
    /** Channels in a run. */
    readonly size: K;
  },
): Feature<Quotient<C, K>, S> {
  return apply(ops.channelMean, config, [x], channelMean, arguments);
}

/** The channel count of a feature, token sequence or vector, for code that computes with counts. */
export function channelCount(x: Feature<number, number> | Tokens<number> | Vector<number>): number {
  checkedArguments(arguments, { called: "channelCount", most: 1, takes: "1 feature", at: () => above(channelCount) });
  return tracedChannels(x);
}
