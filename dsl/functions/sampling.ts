/** What changes the sides: pooling, resampling, Haar. */
import { ops } from "../../src/ops/index.ts";
import type { Feature, FourTimes, Over, Parameter, Product, Quotient, Side, Times, Vector } from "../feature.ts";
import type { Pair } from "../../src/ir/attributes.ts";
import { apply } from "../tracing/record.ts";
import { tracedChannels } from "../tracing/trace.ts";

/** Zeros around a feature map, per side. */
export function pad<C extends number, S extends number>(
  x: Feature<C, S>,
  config: { readonly top?: number; readonly left?: number; readonly bottom?: number; readonly right?: number },
): Feature<C, S> {
  return apply(ops.pad, config, [x], pad, arguments);
}

/** How a window of pooling moves. */
interface PoolConfig<K extends Pair, T extends Pair> {
  /** Sides of a window. */
  readonly size: K;
  /** Distance between neighbouring windows. Default: size. */
  readonly stride?: T | Pair;
  /** Whether a last window may reach beyond the padded map, if it begins in the map or in the padding before it; such positions count nowhere. Default: false. */
  readonly ceilMode?: boolean;
}

/** Mean over size×size cells, or over windows `stride` apart: H becomes (H + 2·padding − size)/stride + 1, rounded down or by `ceilMode` up, and counts as H/stride. */
export function avgPool2d<C extends number, S extends number, const K extends Pair, const T extends Pair = K>(
  x: Feature<C, S>,
  config: PoolConfig<K, T> & {
    /** Zeros on every side; half a window at most. Default: 0. */
    readonly padding?: Pair;
    /** Whether a mean counts these zeros. Default: true. */
    readonly countIncludePad?: boolean;
  },
): Feature<C, Times<S, Side<T>>> {
  return apply(ops.avgPool2d, config, [x], avgPool2d, arguments);
}

/** Maximum over size×size cells, or over windows `stride` apart: H becomes (H + 2·padding − size)/stride + 1, rounded down or by `ceilMode` up, and counts as H/stride. */
export function maxPool2d<C extends number, S extends number, const K extends Pair, const T extends Pair = K>(
  x: Feature<C, S>,
  config: PoolConfig<K, T> & {
    /** Positions on every side that no maximum takes; half a window at most. Default: 0. */
    readonly padding?: Pair;
  },
): Feature<C, Times<S, Side<T>>> {
  return apply(ops.maxPool2d, config, [x], maxPool2d, arguments);
}

/**
 * Smooths every channel with a fixed filter along both sides, against aliasing before a stride (Zhang 2019; StyleGAN2's filter where none is given): H becomes
 * (H + 2·padding − taps)/stride + 1, rounded down.
 */
export function blur<C extends number, S extends number, const K extends number = 1>(
  x: Feature<C, S>,
  config: {
    /** Distance between neighbouring outputs. Default: 1. */
    readonly stride?: K | number;
    /** Zeros on every side; with stride 2, padding 1 gives half the size. Default: 0. */
    readonly padding?: number;
    /** Weights along each side, which are divided by their sum. Default: [1,3,3,1]. */
    readonly filter?: readonly number[];
  } = {},
): Feature<C, Times<S, K>> {
  return apply(ops.blur, config, [x], blur, arguments);
}

/**
 * Mean over as many cells as the output has, whatever the sides of the map are, as torch's adaptive_avg_pool2d takes it. What comes out has fixed sides: its distance
 * between positions in pixels is not known.
 */
export function adaptiveAvgPool2d<C extends number>(
  x: Feature<C, number>,
  config: {
    /** Sides of the output. */
    readonly outputSize: Pair;
  },
): Feature<C, number> {
  return apply(ops.adaptiveAvgPool2d, config, [x], adaptiveAvgPool2d, arguments);
}

/**
 * Maximum over as many cells as the output has, whatever the sides of the map are, as torch's adaptive_max_pool2d takes it. What comes out has fixed sides: its
 * distance between positions in pixels is not known.
 */
export function adaptiveMaxPool2d<C extends number>(
  x: Feature<C, number>,
  config: {
    /** Sides of the output. */
    readonly outputSize: Pair;
  },
): Feature<C, number> {
  return apply(ops.adaptiveMaxPool2d, config, [x], adaptiveMaxPool2d, arguments);
}

/** Nearest-neighbour upsampling by a whole factor. */
export function upsample<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: { readonly factor: K },
): Feature<C, Over<S, K>> {
  return apply(ops.upsampleNearest, config, [x], upsample, arguments);
}

/** Interpolates both sides to another size, as torch's interpolate does without align_corners and without antialiasing. */
export function resize<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: {
    /** How much larger both sides become: a whole number, or 1 over a power of two. */
    readonly factor: K;
    /** nearest repeats values; bilinear and bicubic weigh 2×2 and 4×4 of them (Keys 1981, with a = −0.75). Default: "nearest". */
    readonly mode?: "nearest" | "bilinear" | "bicubic";
  },
): Feature<C, Over<S, K>> {
  return apply(ops.resize, config, [x], resize, arguments);
}

/**
 * Interpolates both sides to those of another map, as torch's interpolate does without align_corners and without antialiasing: a map, or a learned tensor [C, h, w] or
 * [1, C, h, w], such as the positions of a vision transformer, which are the table itself where the map has its sides.
 */
export function resizeTo<C extends number, S extends number>(
  x: Feature<C, number>,
  like: Feature<number, S>,
  config?: ResizeToConfig,
): Feature<C, S>;
export function resizeTo<const D extends readonly [number, number, number] | readonly [1, number, number, number]>(
  x: Parameter<D>,
  like: Feature<number, number>,
  config?: ResizeToConfig,
): Parameter<
  D extends readonly [infer C extends number, number, number] ? readonly [C, number, number] : readonly [1, D[1], number, number]
>;
export function resizeTo(x: unknown, like: unknown, config: ResizeToConfig = {}): unknown {
  return apply(ops.resizeTo, config, [x, like], resizeTo, arguments);
}

interface ResizeToConfig {
  /** bilinear and bicubic weigh 2×2 and 4×4 values (Keys 1981, with a = −0.75). Default: "bilinear". */
  readonly mode?: "bilinear" | "bicubic";
}

/** Space to depth: every factor×factor cell becomes channels. */
export function pixelUnshuffle<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: { readonly factor: K },
): Feature<Product<C, Product<K, K>>, Times<S, K>> {
  return apply(ops.pixelUnshuffle, config, [x], pixelUnshuffle, arguments);
}

/** Depth to space, the inverse of pixelUnshuffle: every factor² channels, which stand together, become a factor×factor cell of one (Shi et al. 2016). */
export function pixelShuffle<C extends number, S extends number, const K extends number>(
  x: Feature<C, S>,
  config: { readonly factor: K },
): Feature<Quotient<Quotient<C, K>, K>, Over<S, K>> {
  return apply(ops.pixelShuffle, config, [x], pixelShuffle, arguments);
}

/**
 * One level of the 2D Haar transform: `bands` are cA of every channel, then cH, cV, cD, at half the size; `low` is cA, what the next level
 * transforms. Orthonormal, or times `scale` (arXiv:2405.14477 §3). With scale ½ at every level, level l comes out divided by 2^l.
 */
export function haarDwt<C extends number, S extends number>(
  x: Feature<C, S>,
  config: { readonly scale?: number } = {},
): { readonly low: Feature<C, Times<S, 2>>; readonly bands: Feature<FourTimes<C>, Times<S, 2>> } {
  const bands: Feature<FourTimes<C>, Times<S, 2>> = apply(ops.haarDwt, config, [x], haarDwt, arguments);
  // A view, and no node where nothing reads it.
  const low: Feature<C, Times<S, 2>> = apply(ops.slice, { start: 0, stop: tracedChannels(x) }, [bands], haarDwt);
  return { bands, low };
}

/** Inverse of one level of the Haar transform, times `scale`: 4·C channels become C at twice the size. */
export function haarIdwt<C extends number, S extends number>(
  x: Feature<C, S>,
  config: { readonly scale?: number } = {},
): Feature<Quotient<C, 4>, Over<S, 2>> {
  return apply(ops.haarIdwt, config, [x], haarIdwt, arguments);
}

/** Sum, mean or maximum over all positions: [N, C, H, W] → [N, C]. */
export function globalPool<C extends number, S extends number>(
  x: Feature<C, S>,
  config: { readonly reduction: "sum" | "mean" | "max" },
): Vector<C> {
  return apply(ops.globalPool, config, [x], globalPool, arguments);
}
