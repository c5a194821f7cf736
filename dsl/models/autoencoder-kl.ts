/** Encoder and decoder of SD-VAE (Rombach et al. 2022), with diffusers' key names, and the decoder's self-modulated variant. */
import type { Feature, FeatureMap } from "../feature.ts";
import { add, attention, pad, silu, upsample } from "../functions/index.ts";
import { conv2d, groupNorm, linear, smcConv2d } from "../layers/index.ts";
import { block, layers } from "../tracing/block.ts";

export const normSettings = { groups: 32, eps: 1e-6 } as const;

/** How the residual blocks of a decoder keep their activations in range: group normalisation or self-modulated convolution. */
export type DecoderNorm = "group" | "smc";

export interface ResnetBlockConfig {
  readonly in: number;
  readonly out: number;
}

/** GroupNorm → SiLU → 3×3 conv, twice, plus the input, through a 1×1 conv where the channels change. */
export const ResnetBlock = block("ResnetBlock", ({ in: input, out }: ResnetBlockConfig) => {
  const { norm1, conv1, norm2, conv2, conv_shortcut } = layers({
    norm1: groupNorm({ channels: input, ...normSettings }),
    conv1: conv2d({ in: input, out }),
    norm2: groupNorm({ channels: out, ...normSettings }),
    conv2: conv2d({ in: out, out }),
    ...(input === out ? {} : { conv_shortcut: conv2d({ in: input, out, kernel: 1 }) }),
  });
  return (x: FeatureMap): FeatureMap => {
    const h = conv2(silu(norm2(conv1(silu(norm1(x))))));
    return add(conv_shortcut === undefined ? x : conv_shortcut(x), h);
  };
});

/** The residual block without norms: SiLU → self-modulated conv, twice (arXiv:2405.14477 §4.2). */
export const SmcResnetBlock = block("SmcResnetBlock", ({ in: input, out }: ResnetBlockConfig) => {
  const { conv1, conv2, conv_shortcut } = layers({
    conv1: smcConv2d({ in: input, out }),
    conv2: smcConv2d({ in: out, out }),
    ...(input === out ? {} : { conv_shortcut: conv2d({ in: input, out, kernel: 1 }) }),
  });
  return (x: FeatureMap): FeatureMap => {
    const h = conv2(silu(conv1(silu(x))));
    return add(conv_shortcut === undefined ? x : conv_shortcut(x), h);
  };
});

/** GroupNorm and self-attention of one head over all positions; what is added to it is its caller's. */
export const AttentionBlock = block("AttentionBlock", ({ channels }: { readonly channels: number }) => {
  const { group_norm, to_q, to_k, to_v, to_out } = layers({
    group_norm: groupNorm({ channels, ...normSettings }),
    to_q: linear({ in: channels, out: channels }),
    to_k: linear({ in: channels, out: channels }),
    to_v: linear({ in: channels, out: channels }),
    to_out: [linear({ in: channels, out: channels })],
  });
  return (x: FeatureMap): FeatureMap => {
    const h = group_norm(x);
    const mixed = attention(to_q(h), to_k(h), to_v(h));
    return to_out.reduce((y, project) => project(y), mixed);
  };
});

export interface MidBlockConfig {
  readonly channels: number;
  readonly norm: DecoderNorm;
  readonly attention: boolean;
}

/** Two residual blocks with self-attention between them, added to what goes into it. */
export const MidBlock = block("MidBlock", ({ channels, norm, attention: attends }: MidBlockConfig) => {
  const res = norm === "smc" ? SmcResnetBlock : ResnetBlock;
  const { resnets, attentions } = layers({
    resnets: [res({ in: channels, out: channels }), res({ in: channels, out: channels })],
    ...(attends ? { attentions: [AttentionBlock({ channels })] } : {}),
  });
  return (x: FeatureMap): FeatureMap => {
    const [first, ...others] = resnets;
    let h: FeatureMap = first(x);
    for (const attend of attentions ?? []) h = add(attend(h), h);
    for (const resnet of others) h = resnet(h);
    return h;
  };
});

/** A residual block and, where there is one for it, self-attention that is added to what it gives. */
function attending(
  resnets: readonly ((x: FeatureMap) => FeatureMap)[],
  attentions: readonly ((x: FeatureMap) => FeatureMap)[] | undefined,
  x: FeatureMap,
): FeatureMap {
  return resnets.reduce<FeatureMap>((h, resnet, i) => {
    const y = resnet(h);
    const attend = attentions?.[i];
    return attend === undefined ? y : add(attend(y), y);
  }, x);
}

/** Halves the resolution; zeros are added at the bottom and the right only, as in latent diffusion. */
export const Downsample = block("Downsample", ({ channels }: { readonly channels: number }) => {
  const { conv } = layers({ conv: conv2d({ in: channels, out: channels, stride: 2, padding: 0 }) });
  return (x: FeatureMap): FeatureMap => conv(pad(x, { bottom: 1, right: 1 }));
});

/** Doubles the resolution by the nearest value, then a 3×3 convolution. */
export const Upsample = block("Upsample", ({ channels }: { readonly channels: number }) => {
  const { conv } = layers({ conv: conv2d({ in: channels, out: channels }) });
  return (x: FeatureMap): FeatureMap => conv(upsample(x, { factor: 2 }));
});

export interface DownBlockConfig extends ResnetBlockConfig {
  readonly blocks: number;
  readonly downsample: boolean;
  /** Whether self-attention follows every residual block. */
  readonly attention: boolean;
}

/** A level of the encoder: residual blocks, then half of the resolution unless it is the last. */
export const DownBlock = block("DownBlock", ({ in: input, out, blocks, downsample, attention: attends }: DownBlockConfig) => {
  const { resnets, attentions, downsamplers } = layers({
    resnets: Array.from({ length: blocks }, (_, i) => ResnetBlock({ in: i === 0 ? input : out, out })),
    ...(attends ? { attentions: Array.from({ length: blocks }, () => AttentionBlock({ channels: out })) } : {}),
    ...(downsample ? { downsamplers: [Downsample({ channels: out })] } : {}),
  });
  return (x: FeatureMap): FeatureMap =>
    (downsamplers ?? []).reduce<FeatureMap>((h, half) => half(h), attending(resnets, attentions, x));
});

export interface UpBlockConfig extends ResnetBlockConfig {
  readonly blocks: number;
  readonly upsample: boolean;
  readonly norm: DecoderNorm;
  /** Whether self-attention follows every residual block. */
  readonly attention: boolean;
}

/** A level of the decoder: residual blocks, then twice the resolution unless it is the last. */
export const UpBlock = block("UpBlock", (config: UpBlockConfig) => {
  const { in: input, out, blocks, upsample: upsamples, norm, attention: attends } = config;
  const res = norm === "smc" ? SmcResnetBlock : ResnetBlock;
  const { resnets, attentions, upsamplers } = layers({
    resnets: Array.from({ length: blocks }, (_, i) => res({ in: i === 0 ? input : out, out })),
    ...(attends ? { attentions: Array.from({ length: blocks }, () => AttentionBlock({ channels: out })) } : {}),
    ...(upsamples ? { upsamplers: [Upsample({ channels: out })] } : {}),
  });
  return (x: FeatureMap): FeatureMap =>
    (upsamplers ?? []).reduce<FeatureMap>((h, double) => double(h), attending(resnets, attentions, x));
});

/** What encoder and decoder have alike. */
interface KlLevels {
  readonly base: number;
  /** Channels of the levels as multiples of `base`, the image's resolution first. */
  readonly multipliers: readonly number[];
  /** Residual blocks of a level. */
  readonly blocks: number;
  /** Levels that change the resolution, the first that are passed; all but the last where it is left out. */
  readonly halvings?: number;
  /** Self-attention in the middle. */
  readonly attention: boolean;
  /** Levels whose residual blocks are followed by self-attention, in the order in which they are passed: 0 is the input's resolution. */
  readonly attentionAt: readonly number[];
}

export interface KlEncoderConfig<I extends number, M extends number> extends KlLevels {
  readonly imageChannels: I;
  /** Channels of the moments: twice the latent's. */
  readonly moments: M;
}

/** [N, imageChannels, H, W] → moments [N, 2·nz, H/2^(levels−1), …]. */
export const KlEncoder = block("KlEncoder", <I extends number, M extends number>(config: KlEncoderConfig<I, M>) => {
  const { imageChannels, moments, base, multipliers, blocks, attention: attends, attentionAt } = config;
  const { halvings = multipliers.length - 1 } = config;
  const widths = multipliers.map((multiplier) => multiplier * base);
  const last = widths.at(-1) ?? base;
  const { conv_in, down_blocks, mid_block, conv_norm_out, conv_out } = layers({
    conv_in: conv2d({ in: imageChannels, out: base }),
    down_blocks: widths.map((out, i) =>
      DownBlock({
        in: widths[i - 1] ?? base,
        out,
        blocks,
        downsample: i < halvings,
        attention: attentionAt.includes(i),
      }),
    ),
    mid_block: MidBlock({ channels: last, norm: "group", attention: attends }),
    conv_norm_out: groupNorm({ channels: last, ...normSettings }),
    conv_out: conv2d({ in: last, out: moments }),
  });
  return (x: Feature<I, 1>): Feature<M, number> => {
    const h = down_blocks.reduce<FeatureMap>((y, down) => down(y), conv_in(x));
    return conv_out(silu(conv_norm_out(mid_block(h))));
  };
});

export interface KlDecoderConfig<Z extends number, I extends number> extends KlLevels {
  readonly latentChannels: Z;
  readonly imageChannels: I;
  readonly norm: DecoderNorm;
}

/** Latent [N, nz, h, w] → image [N, imageChannels, h·2^(levels−1), …]. With SMC the output norm goes too: SiLU alone remains. */
export const KlDecoder = block("KlDecoder", <Z extends number, I extends number>(config: KlDecoderConfig<Z, I>) => {
  const { latentChannels, imageChannels, base, multipliers, blocks, norm, attention: attends, attentionAt } = config;
  const { halvings = multipliers.length - 1 } = config;
  const widths = multipliers.map((multiplier) => multiplier * base).toReversed();
  const [top = base, bottom = base] = [widths[0], widths.at(-1)];
  const { conv_in, mid_block, up_blocks, conv_norm_out, conv_out } = layers({
    conv_in: conv2d({ in: latentChannels, out: top }),
    mid_block: MidBlock({ channels: top, norm, attention: attends }),
    up_blocks: widths.map((out, i) =>
      UpBlock({
        in: widths[i - 1] ?? top,
        out,
        blocks,
        upsample: i < halvings,
        norm,
        attention: attentionAt.includes(i),
      }),
    ),
    ...(norm === "smc" ? {} : { conv_norm_out: groupNorm({ channels: bottom, ...normSettings }) }),
    conv_out: conv2d({ in: bottom, out: imageChannels }),
  });
  return (z: Feature<Z, number>): Feature<I, 1> => {
    let h: FeatureMap = mid_block(conv_in(z));
    for (const up of up_blocks) h = up(h);
    if (conv_norm_out !== undefined) h = conv_norm_out(h);
    return conv_out(silu(h));
  };
});
