/** The autoencoders of FLUX.2 (Black Forest Labs 2025) with their options, and the config.json that diffusers has for them. */
import type { Model } from "../../src/ir/model.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkCounts, checkKeys } from "../config.ts";
import type { Feature, FeatureMap } from "../feature.ts";
import { chunk, pixelUnshuffle } from "../functions/index.ts";
import { batchNorm2d, conv2d } from "../layers/index.ts";
import { model } from "../model.ts";
import { stages } from "../stages.ts";
import { KlDecoder, KlEncoder, normSettings } from "./autoencoder-kl.ts";
import { checkGroups } from "./kl-decoder.ts";
import { klRenames } from "./kl-keys.ts";

export interface Flux2VaeOptions {
  readonly name?: string;
  /** 32 by default. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** Channels of the encoder at the image's resolution, of which the other levels have 2, 4 and 4 times as many; 128 by default. */
  readonly base?: number;
  readonly decoder?: {
    /** As the encoder's by default; 96 in the small decoder. */
    readonly base?: number;
  };
  /** Settings of diffusers' config.json that no layer follows from. */
  readonly diffusers?: { readonly force_upcast?: boolean; readonly sample_size?: number };
}

/** Widths of the levels, as multiples of the first. */
export const flux2Multipliers = [1, 2, 4, 4] as const;

/** Its authors' files have the 1×1 convolutions in encoder and decoder. */
const ownRenames = { "encoder.quant_conv": "quant_conv", "decoder.post_quant_conv": "post_quant_conv" };

/**
 * KL autoencoder, 8 times smaller, whose encoder also gives `normalized` [N, 4·nz, H/16, W/16]: the mean in cells of 2×2 under the statistics of
 * `bn`, as the transformer of FLUX.2 takes latents.
 */
export function flux2Vae(options: Flux2VaeOptions = {}): Model {
  const settings = ["name", "latentChannels", "imageChannels", "base", "decoder", "diffusers"];
  checkOnlySettings("flux2Vae", arguments, flux2Vae);
  checkKeys("flux2Vae", options, settings, flux2Vae);
  checkKeys("decoder of flux2Vae", options.decoder ?? {}, ["base"], flux2Vae);
  checkKeys("diffusers of flux2Vae", options.diffusers ?? {}, ["force_upcast", "sample_size"], flux2Vae);
  const { latentChannels = 32, imageChannels = 3, base = 128 } = options;
  const small = options.decoder?.base ?? base;
  checkCounts("flux2Vae", { latentChannels, imageChannels, base }, flux2Vae);
  checkCounts("decoder of flux2Vae", { base: small }, flux2Vae);
  const cure = `choose multiples of ${normSettings.groups}`;
  checkGroups("flux2Vae", [base, small], "base and decoder.base: multiples", cure, flux2Vae);

  const levels = { imageChannels, multipliers: flux2Multipliers, attention: true, attentionAt: [] };
  const moments = 2 * latentChannels;
  const encoder = KlEncoder({ ...levels, moments, base, blocks: 2 });
  const decoder = KlDecoder({ ...levels, latentChannels, base: small, blocks: 3, norm: "group" });
  const quant_conv = conv2d({ in: moments, out: moments, kernel: 1 });
  const post_quant_conv = conv2d({ in: latentChannels, out: latentChannels, kernel: 1 });
  const bn = batchNorm2d({ channels: 4 * latentChannels, eps: 1e-4, affine: false });
  const widthsOf = (first: number): readonly number[] => flux2Multipliers.map((multiplier) => multiplier * first);
  const kinds = (kind: string): readonly string[] => flux2Multipliers.map(() => kind);
  return model({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    encoder: stages({ encoder, quant_conv, bn }, (image: Feature<number, 1>) => {
      const both: FeatureMap = quant_conv(encoder(image));
      const [mean] = chunk(both, { chunks: 2 });
      return { moments: both, normalized: bn(pixelUnshuffle<number, number, number>(mean, { factor: 2 })) };
    }),
    decoder: stages({ post_quant_conv, decoder }, (z: FeatureMap) => decoder(post_quant_conv(z))),
    interchange: {
      renames: { ...klRenames(flux2Multipliers.length), ...ownRenames },
      diffusers: {
        _class_name: "AutoencoderKLFlux2",
        act_fn: "silu",
        batch_norm_eps: 1e-4,
        batch_norm_momentum: 0.1,
        block_out_channels: widthsOf(base),
        ...(small === base ? {} : { decoder_block_out_channels: widthsOf(small) }),
        down_block_types: kinds("DownEncoderBlock2D"),
        force_upcast: true,
        in_channels: imageChannels,
        latent_channels: latentChannels,
        layers_per_block: 2,
        mid_block_add_attention: true,
        norm_num_groups: normSettings.groups,
        out_channels: imageChannels,
        patch_size: [2, 2],
        sample_size: 1024,
        up_block_types: kinds("UpDecoderBlock2D"),
        use_post_quant_conv: true,
        use_quant_conv: true,
        ...options.diffusers,
      },
    },
  });
}
