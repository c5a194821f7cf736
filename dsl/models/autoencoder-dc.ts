/** Encoder and decoder of DC-AE (Chen et al. 2024, arXiv:2410.10733), under the keys of diffusers' AutoencoderDC. */
import type { FeatureMap } from "../feature.ts";
import {
  add,
  channelMean,
  chunk,
  concat,
  groupedChunk,
  linearAttention,
  mul,
  pixelShuffle,
  pixelUnshuffle,
  relu,
  repeatInterleave,
  silu,
  upsample,
} from "../functions/index.ts";
import { batchNorm2d, conv2d, linear, rmsNorm } from "../layers/index.ts";
import { block, layers } from "../tracing/block.ts";

type Layer = (x: FeatureMap) => FeatureMap;

/** How residual blocks normalise: over the channels of a position, or by the statistics of training. */
export type DcNorm = "rms" | "batch";

export type DcActivation = "relu" | "silu";

const activations: Readonly<Record<DcActivation, Layer>> = { relu, silu };

export interface DcResBlockConfig {
  readonly channels: number;
  readonly norm: DcNorm;
  readonly activation: DcActivation;
}

/** Convolution → activation → convolution → norm, plus the input. */
export const DcResBlock = block("DcResBlock", ({ channels, norm: kind, activation }: DcResBlockConfig) => {
  const activate = activations[activation];
  const { conv1, conv2, norm } = layers({
    conv1: conv2d({ in: channels, out: channels }),
    conv2: conv2d({ in: channels, out: channels, bias: false }),
    norm: kind === "batch" ? batchNorm2d({ channels }) : rmsNorm({ channels, bias: true }),
  });
  return (x: FeatureMap): FeatureMap => add(norm(conv2(activate(conv1(x)))), x);
});

export interface MultiscaleProjectionConfig {
  readonly channels: number;
  /** Runs of channels that the second convolution mixes, each for itself. */
  readonly groups: number;
  readonly kernel: number;
}

/** Queries, keys and values of a neighbourhood: a convolution of every channel, then one of every head's. */
export const MultiscaleProjection = block("MultiscaleProjection", ({ channels, groups, kernel }: MultiscaleProjectionConfig) => {
  const { proj_in, proj_out } = layers({
    proj_in: conv2d({ in: channels, out: channels, kernel, groups: channels, bias: false }),
    proj_out: conv2d({ in: channels, out: channels, kernel: 1, groups, bias: false }),
  });
  return (x: FeatureMap): FeatureMap => proj_out(proj_in(x));
});

export interface MultiscaleAttentionConfig {
  readonly channels: number;
  /** Channels of a head. */
  readonly headSize: number;
  /** Sides of the neighbourhoods that have heads of their own, beside those of single positions. */
  readonly kernels: readonly number[];
}

/** Linear attention over all positions (Cai et al. 2023), plus the input. */
export const MultiscaleAttention = block("MultiscaleAttention", ({ channels, headSize, kernels }: MultiscaleAttentionConfig) => {
  const heads = channels / headSize;
  const { to_q, to_k, to_v, to_qkv_multiscale, to_out, norm_out } = layers({
    to_q: linear({ in: channels, out: channels, bias: false }),
    to_k: linear({ in: channels, out: channels, bias: false }),
    to_v: linear({ in: channels, out: channels, bias: false }),
    to_qkv_multiscale: kernels.map((kernel) => MultiscaleProjection({ channels: 3 * channels, groups: 3 * heads, kernel })),
    to_out: linear({ in: channels * (1 + kernels.length), out: channels, bias: false }),
    norm_out: rmsNorm({ channels, bias: true }),
  });
  const allHeads = heads * (1 + kernels.length);
  return (x: FeatureMap): FeatureMap => {
    const qkv: FeatureMap = concat(to_q(x), to_k(x), to_v(x));
    const scales = kernels.length === 0 ? qkv : concat(qkv, ...to_qkv_multiscale.map((project) => project(qkv)));
    const [q, k, v] = groupedChunk(scales, { chunks: 3, groups: allHeads });
    return add(norm_out(to_out(linearAttention(q, k, v, { heads: allHeads }))), x);
  };
});

/** Four times the channels and a convolution of each, half of them gates of the others; plus the input. */
export const GatedMbConv = block("GatedMbConv", ({ channels }: { readonly channels: number }) => {
  const { conv_inverted, conv_depth, conv_point, norm } = layers({
    conv_inverted: conv2d({ in: channels, out: 8 * channels, kernel: 1 }),
    conv_depth: conv2d({ in: 8 * channels, out: 8 * channels, groups: 8 * channels }),
    conv_point: conv2d({ in: 4 * channels, out: channels, kernel: 1, bias: false }),
    norm: rmsNorm({ channels, bias: true }),
  });
  return (x: FeatureMap): FeatureMap => {
    const [h, gate] = chunk(conv_depth(silu(conv_inverted(x))), { chunks: 2 });
    return add(norm(conv_point(mul(h, silu(gate)))), x);
  };
});

/** Attention over all positions, then convolutions: EfficientViT's block (Cai et al. 2023, arXiv:2205.14756). */
export const EfficientViTBlock = block("EfficientViTBlock", (config: MultiscaleAttentionConfig) => {
  const { channels, headSize, kernels } = config;
  const { attn, conv_out } = layers({
    attn: MultiscaleAttention({ channels, headSize, kernels }),
    conv_out: GatedMbConv({ channels }),
  });
  return (x: FeatureMap): FeatureMap => conv_out(attn(x));
});

/** How maps become smaller: a convolution of stride 2, or one whose output's pixels become channels. */
export type DcDownsampling = "conv" | "pixelUnshuffle";

export interface DcDownsampleConfig {
  readonly in: number;
  readonly out: number;
  readonly kind: DcDownsampling;
  /** Whether the pixels themselves, averaged to `out` channels, are added. */
  readonly shortcut: boolean;
}

/** Halves the resolution. */
export const DcDownsample = block("DcDownsample", ({ in: input, out, kind, shortcut }: DcDownsampleConfig) => {
  const { conv } = layers({
    conv: kind === "conv" ? conv2d({ in: input, out, stride: 2 }) : conv2d({ in: input, out: out / 4 }),
  });
  return (x: FeatureMap): FeatureMap => {
    const h = kind === "conv" ? conv(x) : pixelUnshuffle(conv(x), { factor: 2 });
    return shortcut ? add(h, channelMean(pixelUnshuffle(x, { factor: 2 }), { size: (4 * input) / out })) : h;
  };
});

/** How maps become larger: by the nearest value before a convolution, or by pixels of its output's channels. */
export type DcUpsampling = "interpolate" | "pixelShuffle";

export interface DcUpsampleConfig {
  readonly in: number;
  readonly out: number;
  readonly kind: DcUpsampling;
  /** Whether pixels of the repeated channels themselves are added. */
  readonly shortcut: boolean;
}

/** Doubles the resolution. */
export const DcUpsample = block("DcUpsample", ({ in: input, out, kind, shortcut }: DcUpsampleConfig) => {
  const { conv } = layers({ conv: conv2d({ in: input, out: kind === "interpolate" ? out : 4 * out }) });
  return (x: FeatureMap): FeatureMap => {
    const h: FeatureMap = kind === "interpolate" ? conv(upsample(x, { factor: 2 })) : pixelShuffle(conv(x), { factor: 2 });
    return shortcut ? add(h, pixelShuffle(repeatInterleave(x, { repeats: (4 * out) / input }), { factor: 2 })) : h;
  };
});

/** What encoder and decoder have alike. */
interface DcConfig {
  readonly imageChannels: number;
  readonly latentChannels: number;
  /** Channels of the levels, the image's resolution first. */
  readonly widths: readonly number[];
  /** Blocks of the levels. Where the first has none, the layer at the image changes the resolution, too. */
  readonly blocks: readonly number[];
  /** Levels whose blocks are of attention; the others' are residual. */
  readonly attentionAt: readonly number[];
  readonly headSize: number;
  readonly kernels: readonly number[];
  /** Whether the layer at the latent has the means, or the copies, of channels added. */
  readonly shortcut: boolean;
}

/** The channels at the image's side and at the latent's. */
function ends({ widths, blocks, latentChannels }: DcConfig): readonly [bottom: number, top: number] {
  const [first = latentChannels, second = first] = widths;
  return [blocks[0] === 0 ? second : first, widths.at(-1) ?? first];
}

function countOf(blocks: readonly number[], level: number): number {
  // eslint-disable-next-line no-restricted-syntax -- a level that the list leaves out has none
  return blocks[level] ?? 0;
}

export interface DcEncoderConfig extends DcConfig {
  readonly downsample: DcDownsampling;
}

/** [N, imageChannels, H, W] → latent [N, nz, H/2^(levels−1), …]. */
export const DcEncoder = block("DcEncoder", (config: DcEncoderConfig) => {
  const { imageChannels, latentChannels, widths, blocks, attentionAt, headSize, kernels, shortcut, downsample: kind } = config;
  const [bottom, top] = ends(config);
  const { conv_in, down_blocks, conv_out } = layers({
    conv_in:
      blocks[0] === 0
        ? DcDownsample({ in: imageChannels, out: bottom, kind, shortcut: false })
        : conv2d({ in: imageChannels, out: bottom }),
    down_blocks: widths.map((channels, i): readonly Layer[] => {
      const [count, next] = [countOf(blocks, i), widths[i + 1]];
      return [
        ...Array.from({ length: count }, () =>
          attentionAt.includes(i)
            ? EfficientViTBlock({ channels, headSize, kernels })
            : DcResBlock({ channels, norm: "rms", activation: "silu" }),
        ),
        ...(next === undefined || count === 0 ? [] : [DcDownsample({ in: channels, out: next, kind, shortcut: true })]),
      ];
    }),
    conv_out: conv2d({ in: top, out: latentChannels }),
  });
  return (image: FeatureMap): FeatureMap => {
    let h: FeatureMap = conv_in(image);
    for (const level of down_blocks) for (const each of level) h = each(h);
    return shortcut ? add(conv_out(h), channelMean(h, { size: top / latentChannels })) : conv_out(h);
  };
});

export interface DcDecoderConfig extends DcConfig {
  readonly upsample: DcUpsampling;
  /** Of the residual blocks. */
  readonly norm: DcNorm;
  /** Of the residual blocks. */
  readonly activation: DcActivation;
  /** Before the last layer. */
  readonly outActivation: DcActivation;
}

/** Latent [N, nz, h, w] → image [N, imageChannels, h·2^(levels−1), …]. */
export const DcDecoder = block("DcDecoder", (config: DcDecoderConfig) => {
  const { imageChannels, latentChannels, widths, blocks, attentionAt, headSize, kernels, shortcut } = config;
  const { upsample: kind, norm, activation, outActivation } = config;
  const [bottom, top] = ends(config);
  const { conv_in, up_blocks, norm_out, conv_out } = layers({
    conv_in: conv2d({ in: latentChannels, out: top }),
    up_blocks: widths.map((channels, i): readonly Layer[] => {
      const [count, below] = [countOf(blocks, i), widths[i + 1]];
      return [
        ...(below === undefined || count === 0 ? [] : [DcUpsample({ in: below, out: channels, kind, shortcut: true })]),
        ...Array.from({ length: count }, () =>
          attentionAt.includes(i)
            ? EfficientViTBlock({ channels, headSize, kernels })
            : DcResBlock({ channels, norm, activation }),
        ),
      ];
    }),
    norm_out: rmsNorm({ channels: bottom, bias: true }),
    conv_out:
      blocks[0] === 0
        ? DcUpsample({ in: bottom, out: imageChannels, kind, shortcut: false })
        : conv2d({ in: bottom, out: imageChannels }),
  });
  return (latent: FeatureMap): FeatureMap => {
    const start: FeatureMap = conv_in(latent);
    let h = shortcut ? add(start, repeatInterleave(latent, { repeats: top / latentChannels })) : start;
    for (const level of up_blocks.toReversed()) for (const each of level) h = each(h);
    return conv_out(activations[outActivation](norm_out(h)));
  };
});
