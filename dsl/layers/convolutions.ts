/** Convolutions. */
import { ops } from "../../src/ops/index.ts";
import type { Pair } from "../../src/ir/attributes.ts";
import type { Feature, Over, Side, Times } from "../feature.ts";
import { layer } from "../tracing/record.ts";

/**
 * What every kind of convolution takes. What has two sides takes a number for both, or [height, width]. Where another setting is misspelt TypeScript infers
 * nothing: `K | Pair` keeps it from saying that the stride is no 1.
 */
export interface ConvConfig<I extends number, O extends number, K extends Pair> {
  /** Channels of the input. */
  readonly in: I;
  /** Channels of the output. */
  readonly out: O;
  /** Sides of the kernel. Default: 3. */
  readonly kernel?: Pair;
  /** Distance between neighbouring outputs. Default: 1. */
  readonly stride?: K | Pair;
  /** Zeros on every side. Default: (kernel − 1)/2 rounded down, which keeps the size for odd kernels; 0 where stride ≥ kernel, since no windows overlap then. */
  readonly padding?: Pair;
  /** Whether a learned number is added to every output channel. Default: true. */
  readonly bias?: boolean;
}

type Conv<I extends number, O extends number, K extends Pair> = <S extends number>(
  x: Feature<I, S>,
) => Feature<O, Times<S, Side<K>>>;

/** The settings of a plain convolution. */
export interface Conv2dConfig<I extends number, O extends number, K extends Pair> extends Omit<ConvConfig<I, O, K>, "padding"> {
  /** Distance between neighbouring values of the kernel. Default: 1. */
  readonly dilation?: Pair;
  /** Positions added on every side. Default: dilation·(kernel − 1)/2 rounded down, which keeps the size for odd kernels; 0 where stride exceeds dilation·(kernel − 1), since no windows overlap then. */
  readonly padding?: Pair;
  /** Runs of channels that are convolved apart. Default: 1. */
  readonly groups?: number;
  /** What is added: zeros, the map mirrored at its border, the value at the border, or what stands at the opposite side. Default: "zeros". */
  readonly paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
}

/**
 * Convolution: [N, in, H, W] → [N, out, H/stride, W/stride], with the padding that it has where none is given: half of the kernel, and none where the
 * stride is as large as the kernel, as for patches. PyTorch's own default is none anywhere: `padding: 0`.
 */
export function conv2d<const I extends number, const O extends number, const K extends Pair = 1>(
  config: Conv2dConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.conv2d, config, conv2d, arguments);
}

/**
 * Self-modulated convolution (arXiv:2405.14477 §4.2, eq. 3): the filters are scaled per input channel, normalised and multiplied by a
 * gain, all learned. [N, in, H, W] → [N, out, H/stride, W/stride]. In ONNX it is a plain convolution.
 */
export function smcConv2d<const I extends number, const O extends number, const K extends Pair = 1>(
  config: ConvConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.smcConv2d, config, smcConv2d, arguments);
}

/** Convolution with spectral normalisation (Miyato et al. 2018). In ONNX it is a plain convolution. */
export function spectralConv2d<const I extends number, const O extends number, const K extends Pair = 1>(
  config: ConvConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.spectralConv2d, config, spectralConv2d, arguments);
}

/** Convolution with an equalised learning rate (Karras et al. 2018), for discriminators. In ONNX it is a plain convolution. */
export function equalizedConv2d<const I extends number, const O extends number, const K extends Pair = 1>(
  config: ConvConfig<I, O, K>,
): Conv<I, O, K> {
  return layer(ops.equalizedConv2d, config, equalizedConv2d, arguments);
}

/**
 * Transposed convolution, which enlarges: H becomes (H − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1 and counts as H·stride.
 * As in PyTorch, padding takes away. What has two sides takes a number for both, or [height, width].
 */
export function convTranspose2d<const I extends number, const O extends number, const K extends Pair = 1>(config: {
  /** Channels of the input. */
  readonly in: I;
  /** Channels of the output. */
  readonly out: O;
  /** Sides of the kernel. */
  readonly kernel: Pair;
  /** Distance in the output between what neighbouring inputs give: the enlargement. Default: 1. */
  readonly stride?: K | Pair;
  /** Distance between neighbouring values of the kernel. Default: 1. */
  readonly dilation?: Pair;
  /** Positions taken away on every side. Default: 0. */
  readonly padding?: Pair;
  /** Positions added at the bottom and at the right; fewer than stride. Default: 0. */
  readonly outputPadding?: Pair;
  /** Whether a learned number is added to every output channel. Default: true. */
  readonly bias?: boolean;
  /** Runs of channels that are convolved apart. Default: 1. */
  readonly groups?: number;
}): <S extends number>(x: Feature<I, S>) => Feature<O, Over<S, Side<K>>> {
  return layer(ops.convTranspose2d, config, convTranspose2d, arguments);
}
