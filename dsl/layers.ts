/** Typed constructors of the layers: ops with parameters (and dropout), to be named by `layers`. */
import type { ConvAttrs } from "../src/ops/rules.ts";
import { ops } from "../src/ops/index.ts";
import { checkCounts, checkKeys, checkRange } from "./config.ts";
import type { Feature, Times, Vector } from "./feature.ts";
import { layer } from "./tracing/record.ts";

/** Convolution settings shared by the plain, the self-modulated and the spectral-normalised kind. */
export interface ConvConfig<I extends number, O extends number, K extends number> {
  readonly in: I;
  readonly out: O;
  /** Side of the square kernel; 3 by default. */
  readonly kernel?: number;
  /** 1 by default. */
  readonly stride?: K;
  /** Zeros on every side; (kernel − 1)/2 rounded down by default, which keeps the size for odd kernels. */
  readonly padding?: number;
  /** True by default. */
  readonly bias?: boolean;
}

const convKeys = ["in", "out", "kernel", "stride", "padding", "bias"];

function convAttrs(
  op: string,
  config: ConvConfig<number, number, number>,
  below: (...args: never[]) => unknown,
  more: readonly string[] = [],
): ConvAttrs {
  checkKeys(op, config, [...convKeys, ...more], below);
  const { in: input, out, kernel = 3, stride = 1, bias = true } = config;
  const padding = config.padding ?? Math.floor((kernel - 1) / 2);
  checkCounts(op, { in: input, out, kernel, stride }, below);
  checkCounts(op, { padding }, below, 0);
  return { in: input, out, kernel, stride, padding, bias };
}

type Conv<I extends number, O extends number, K extends number> = <S extends number>(x: Feature<I, S>) => Feature<O, Times<S, K>>;

/** Convolution: [N, in, H, W] → [N, out, H/stride, W/stride]. */
export function conv2d<const I extends number, const O extends number, const K extends number = 1>(
  config: ConvConfig<I, O, K> & { readonly groups?: number },
): Conv<I, O, K> {
  const attrs = { ...convAttrs("conv2d", config, conv2d, ["groups"]), groups: config.groups ?? 1 };
  checkCounts("conv2d", { groups: attrs.groups }, conv2d);
  return layer(ops.conv2d, attrs, conv2d);
}

/**
 * Self-modulated convolution (arXiv:2405.14477 §4.2, eq. 3): the filters are scaled per input channel, normalised and multiplied by a
 * gain, all learned. [N, in, H, W] → [N, out, H/stride, W/stride]. In ONNX it is a plain convolution.
 */
export function smcConv2d<const I extends number, const O extends number, const K extends number = 1>(
  config: ConvConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.smcConv2d, convAttrs("smcConv2d", config, smcConv2d), smcConv2d);
}

/** Convolution with spectral normalisation (Miyato et al. 2018). In ONNX it is a plain convolution. */
export function spectralConv2d<const I extends number, const O extends number, const K extends number = 1>(
  config: ConvConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.spectralConv2d, convAttrs("spectralConv2d", config, spectralConv2d), spectralConv2d);
}

/** Convolution with an equalised learning rate (Karras et al. 2018), for discriminators. In ONNX it is a plain convolution. */
export function equalizedConv2d<const I extends number, const O extends number, const K extends number = 1>(
  config: ConvConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.equalizedConv2d, convAttrs("equalizedConv2d", config, equalizedConv2d), equalizedConv2d);
}

/** A linear map of the channels: of a vector, or at every position of a feature map. */
export interface Linear<I extends number, O extends number> {
  (x: Vector<I>): Vector<O>;
  <S extends number>(x: Feature<I, S>): Feature<O, S>;
}

export interface LinearConfig<I extends number, O extends number> {
  readonly in: I;
  readonly out: O;
  /** True by default. */
  readonly bias?: boolean;
}

/** Linear map of the channels; the weight is [out, in]. */
export function linear<const I extends number, const O extends number>(config: LinearConfig<I, O>): Linear<I, O> {
  checkKeys("linear", config, ["in", "out", "bias"], linear);
  checkCounts("linear", { in: config.in, out: config.out }, linear);
  return layer(ops.linear, { in: config.in, out: config.out, bias: config.bias ?? true }, linear);
}

/** Linear map with spectral normalisation, of a vector. */
export function spectralLinear<const I extends number, const O extends number>(
  config: LinearConfig<I, O>,
): (x: Vector<I>) => Vector<O> {
  checkKeys("spectralLinear", config, ["in", "out", "bias"], spectralLinear);
  checkCounts("spectralLinear", { in: config.in, out: config.out }, spectralLinear);
  return layer(ops.spectralLinear, { in: config.in, out: config.out, bias: config.bias ?? true }, spectralLinear);
}

/** Linear map of the channels with an equalised learning rate (Karras et al. 2018), for discriminators. */
export function equalizedLinear<const I extends number, const O extends number>(config: LinearConfig<I, O>): Linear<I, O> {
  checkKeys("equalizedLinear", config, ["in", "out", "bias"], equalizedLinear);
  checkCounts("equalizedLinear", { in: config.in, out: config.out }, equalizedLinear);
  return layer(ops.equalizedLinear, { in: config.in, out: config.out, bias: config.bias ?? true }, equalizedLinear);
}

type Same<C extends number> = <S extends number>(x: Feature<C, S>) => Feature<C, S>;

/** The largest divisor of `channels` that is at most min(32, channels/4), and at least 1. */
export function defaultGroups(channels: number): number {
  for (let groups = Math.min(32, Math.floor(channels / 4)); groups > 1; groups--) if (channels % groups === 0) return groups;
  return 1;
}

/** Group normalisation; `groups` is by default the largest divisor of `channels` that is at most min(32, channels/4), `eps` 1e-5. */
export function groupNorm<const C extends number>(config: {
  readonly channels: C;
  readonly groups?: number;
  readonly eps?: number;
}): Same<C> {
  checkKeys("groupNorm", config, ["channels", "groups", "eps"], groupNorm);
  const { channels, groups = defaultGroups(channels), eps = 1e-5 } = config;
  checkCounts("groupNorm", { channels, groups }, groupNorm);
  checkRange("groupNorm", { eps }, Number.MIN_VALUE, 1, groupNorm);
  return layer(ops.groupNorm, { channels, groups, eps }, groupNorm);
}

/** Batch normalisation; ONNX graphs use the running statistics. `eps` is 1e-5 by default. */
export function batchNorm2d<const C extends number>(config: { readonly channels: C; readonly eps?: number }): Same<C> {
  checkKeys("batchNorm2d", config, ["channels", "eps"], batchNorm2d);
  const { channels, eps = 1e-5 } = config;
  checkCounts("batchNorm2d", { channels }, batchNorm2d);
  checkRange("batchNorm2d", { eps }, Number.MIN_VALUE, 1, batchNorm2d);
  return layer(ops.batchNorm2d, { channels, eps }, batchNorm2d);
}

/** Dropout with the given rate, training only. */
export function dropout(config: {
  readonly rate: number;
}): <C extends number, S extends number>(x: Feature<C, S>) => Feature<C, S> {
  checkKeys("dropout", config, ["rate"], dropout);
  checkRange("dropout", { rate: config.rate }, 0, 1, dropout);
  return layer(ops.dropout, { rate: config.rate }, dropout);
}
