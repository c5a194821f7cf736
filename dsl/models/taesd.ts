/** Tiny autoencoders (TAESD, Bohan 2023) under the keys of diffusers' AutoencoderTiny. */
import type { Model } from "../../src/ir/model.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkCounts, checkKeys, checkList } from "../config.ts";
import type { FeatureMap } from "../feature.ts";
import { add, relu, scale, tanh, upsample } from "../functions/index.ts";
import { conv2d } from "../layers/index.ts";
import { model } from "../model.ts";
import { block, layers } from "../tracing/block.ts";

type Layer = (x: FeatureMap) => FeatureMap;

/** Three convolutions beside the identity, ReLU between them and after the sum. */
export const TinyBlock = block("TinyBlock", ({ channels }: { readonly channels: number }) => {
  const same = (): Layer => conv2d({ in: channels, out: channels });
  // Numbered as the activations between them count in the published files.
  const { conv } = layers({ conv: { 0: same(), 2: same(), 4: same() } });
  return (x: FeatureMap): FeatureMap => relu(add(conv[4](relu(conv[2](relu(conv[0](x))))), x));
});

export interface TinyConfig {
  readonly imageChannels: number;
  readonly latentChannels: number;
  readonly channels: number;
  /** Blocks of the levels, those at the input's resolution first. */
  readonly blocks: readonly number[];
}

/** [N, imageChannels, H, W] in [−1, 1] → latent [N, nz, H/2^(levels−1), …]. The layers see [0, 1]. */
export const TinyEncoder = block("TinyEncoder", ({ imageChannels, latentChannels, channels, blocks }: TinyConfig) => {
  const level = (count: number, i: number): readonly Layer[] => [
    i === 0
      ? conv2d({ in: imageChannels, out: channels })
      : conv2d({ in: channels, out: channels, stride: 2, padding: 1, bias: false }),
    ...Array.from({ length: count }, () => TinyBlock({ channels })),
  ];
  const { layers: all } = layers({
    layers: [...blocks.flatMap(level), conv2d({ in: channels, out: latentChannels })],
  });
  return (image: FeatureMap): FeatureMap => all.reduce((h, each) => each(h), scale(add(image, 1), { factor: 0.5 }));
});

/** Latent [N, nz, h, w] → image [N, imageChannels, h·2^(levels−1), …] in [−1, 1]. Latents are bent into (−3, 3) first. */
export const TinyDecoder = block("TinyDecoder", ({ imageChannels, latentChannels, channels, blocks }: TinyConfig) => {
  const last = blocks.length - 1;
  const level = (count: number, i: number): readonly (Layer | undefined)[] => [
    ...Array.from({ length: count }, () => TinyBlock({ channels })),
    // Upsampling has a number in the published files, and no key.
    ...(i === last ? [] : [undefined]),
    conv2d({ in: channels, out: i === last ? imageChannels : channels, bias: i === last }),
  ];
  const steps = [conv2d({ in: latentChannels, out: channels }), undefined, ...blocks.flatMap(level)];
  const numbered = steps.flatMap((layer, i) => (layer === undefined ? [] : [[String(i), layer] as const]));
  const { layers: all } = layers({ layers: Object.fromEntries(numbered) });
  return (latent: FeatureMap): FeatureMap => {
    const bent = scale(tanh(scale(latent, { factor: 1 / 3 })), { factor: 3 });
    const image = steps.reduce<FeatureMap>((h, _, i) => {
      const layer = all[String(i)];
      if (layer !== undefined) return layer(h);
      return i === 1 ? relu(h) : upsample(h, { factor: 2 });
    }, bent);
    return add(scale(image, { factor: 2 }), -1);
  };
});

export interface TaesdOptions {
  readonly name?: string;
  /** 4 by default; 16 for those of SD3 and FLUX.1. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** Channels of every level; 64 by default. */
  readonly channels?: number;
  /** Blocks of the encoder's levels, the image's resolution first; (1, 3, 3, 3) by default. */
  readonly encoderBlocks?: readonly number[];
  /** Blocks of the decoder's levels, the latent's resolution first; (3, 3, 3, 1) by default. */
  readonly decoderBlocks?: readonly number[];
}

/** TAESD: a deterministic encoder and a decoder of 1.2 M parameters each that know the latents of a larger autoencoder. */
export function taesd(options: TaesdOptions = {}): Model {
  checkOnlySettings("taesd", arguments, taesd);
  checkKeys("taesd", options, ["name", "latentChannels", "imageChannels", "channels", "encoderBlocks", "decoderBlocks"], taesd);
  const { latentChannels = 4, imageChannels = 3, channels = 64 } = options;
  const { encoderBlocks = [1, 3, 3, 3], decoderBlocks = [3, 3, 3, 1] } = options;
  checkCounts("taesd", { latentChannels, imageChannels, channels }, taesd);
  checkList("taesd", "encoderBlocks", encoderBlocks, { min: 1, max: 8 }, taesd);
  checkList("taesd", "decoderBlocks", decoderBlocks, { min: encoderBlocks.length, max: encoderBlocks.length }, taesd);
  return model<number, number, number, "none">({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    posterior: "none",
    encoder: TinyEncoder({ imageChannels, latentChannels, channels, blocks: encoderBlocks }),
    decoder: TinyDecoder({ imageChannels, latentChannels, channels, blocks: decoderBlocks }),
    interchange: {
      renames: {},
      diffusers: {
        _class_name: "AutoencoderTiny",
        act_fn: "relu",
        decoder_block_out_channels: decoderBlocks.map(() => channels),
        encoder_block_out_channels: encoderBlocks.map(() => channels),
        force_upcast: false,
        in_channels: imageChannels,
        latent_channels: latentChannels,
        latent_magnitude: 3,
        latent_shift: 0.5,
        num_decoder_blocks: decoderBlocks,
        num_encoder_blocks: encoderBlocks,
        out_channels: imageChannels,
        scaling_factor: 1,
        shift_factor: 0,
        upsample_fn: "nearest",
        upsampling_scaling_factor: 2,
      },
    },
  });
}
