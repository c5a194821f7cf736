/** The asymmetric VQGAN (Zhu et al. 2023, arXiv:2306.04632) with its options, and the config.json that diffusers has for it. */
import type { Model } from "../../src/ir/model.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkCounts, checkKeys, checkList } from "../config.ts";
import { conv2d } from "../layers/index.ts";
import type { Feature } from "../feature.ts";
import { model } from "../model.ts";
import { stages } from "../stages.ts";
import { KlEncoder, normSettings } from "./autoencoder-kl.ts";
import { checkGroups } from "./kl-decoder.ts";
import { klRenames } from "./kl-keys.ts";
import { MaskConditionDecoder } from "./mask-condition.ts";

export interface AsymmetricKlOptions {
  readonly name?: string;
  /** 4 by default. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** Channels of the encoder's four levels, the image's resolution first; (128, 256, 512, 512) by default. */
  readonly widths?: readonly number[];
  /** Residual blocks of a level in the encoder; 2 by default. */
  readonly blocks?: number;
  readonly decoder?: {
    /** Channels at the image's resolution, of which the other levels have 2, 4 and 4 times as many; 192 by default, 1.5 times the encoder's. */
    readonly base?: number;
    /** Residual blocks of a level; 4 by default. */
    readonly blocks?: number;
  };
  /** Settings of diffusers' config.json that no layer follows from. */
  readonly diffusers?: { readonly scaling_factor?: number; readonly sample_size?: number };
}

/** Widths of the decoder's levels, as multiples of the first: those that the layers of the condition have, too. */
export const asymmetricMultipliers = [1, 2, 4, 4] as const;

/**
 * A KL autoencoder with a decoder larger than its encoder, for inpainting: beside the latent the decoder takes the image that was encoded
 * (`original`) and a mask [N, 1, H, W], 1 where it is to decode and 0 where it keeps the image. A mask of ones decodes the latent alone.
 */
export function asymmetricKl(options: AsymmetricKlOptions = {}): Model {
  const settings = ["name", "latentChannels", "imageChannels", "widths", "blocks", "decoder", "diffusers"];
  checkOnlySettings("asymmetricKl", arguments, asymmetricKl);
  checkKeys("asymmetricKl", options, settings, asymmetricKl);
  const { latentChannels = 4, imageChannels = 3, widths = [128, 256, 512, 512], blocks = 2 } = options;
  checkKeys("decoder of asymmetricKl", options.decoder ?? {}, ["base", "blocks"], asymmetricKl);
  checkKeys("diffusers of asymmetricKl", options.diffusers ?? {}, ["scaling_factor", "sample_size"], asymmetricKl);
  const decoder = { base: 192, blocks: 4, ...options.decoder };
  checkCounts("asymmetricKl", { latentChannels, imageChannels, blocks }, asymmetricKl);
  checkCounts("decoder of asymmetricKl", decoder, asymmetricKl);
  checkList("asymmetricKl", "widths", widths, { min: 4, max: 4 }, asymmetricKl);
  const [one, two, four, again] = asymmetricMultipliers;
  const { base } = decoder;
  const decoderWidths = [one * base, two * base, four * base, again * base] as const;
  const cure = `choose multiples of ${normSettings.groups}`;
  checkGroups("asymmetricKl", [...widths, ...decoderWidths], "widths and decoder.base: multiples", cure, asymmetricKl);

  const moments = 2 * latentChannels;
  const encoder = KlEncoder({
    imageChannels,
    moments,
    base: widths[0] ?? base,
    multipliers: widths.map((width) => width / (widths[0] ?? base)),
    blocks,
    attention: true,
    attentionAt: [],
  });
  const decode = MaskConditionDecoder({ latentChannels, imageChannels, widths: decoderWidths, blocks: decoder.blocks });
  const post_quant_conv = conv2d({ in: latentChannels, out: latentChannels, kernel: 1 });
  const kinds = (kind: string): readonly string[] => widths.map(() => kind);
  return model({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    conditions: { mask: { channels: 1 } },
    encoder: stages({ encoder, quant_conv: conv2d({ in: moments, out: moments, kernel: 1 }) }),
    decoder: stages(
      { post_quant_conv, decoder: decode },
      (z: Feature<number, number>, given: { original: Feature<number, 1>; mask: Feature<1, 1> }) =>
        decode(post_quant_conv(z), given),
    ),
    interchange: {
      renames: klRenames(widths.length),
      diffusers: {
        _class_name: "AsymmetricAutoencoderKL",
        act_fn: "silu",
        down_block_out_channels: widths,
        down_block_types: kinds("DownEncoderBlock2D"),
        in_channels: imageChannels,
        latent_channels: latentChannels,
        layers_per_down_block: blocks,
        layers_per_up_block: decoder.blocks - 1,
        norm_num_groups: normSettings.groups,
        out_channels: imageChannels,
        sample_size: 256,
        scaling_factor: 0.18215,
        up_block_out_channels: decoderWidths,
        up_block_types: kinds("UpDecoderBlock2D"),
        ...options.diffusers,
      },
    },
  });
}
