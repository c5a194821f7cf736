import type { Interchange, Model } from "../../src/ir/model.ts";
import { checkCounts, checkKeys } from "../config.ts";
import { model } from "../model.ts";
import { KlEncoder } from "./autoencoder-kl.ts";
import { discriminatorFor, type DiscriminatorConfig } from "./discriminator-kinds.ts";
import { klDecoder, withPointwise } from "./litevae.ts";

export interface SdVaeOptions {
  readonly name?: string;
  /** 4 by default. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** quant_conv and post_quant_conv, as in the files that diffusers publishes; off by default. */
  readonly pointwise?: boolean;
  readonly discriminator?: DiscriminatorConfig | false;
}

interface KlConfig {
  readonly base: number;
  readonly multipliers: readonly [number, number, number, number];
  readonly encoderBlocks: number;
  readonly decoderBlocks: number;
}

/** The KL autoencoder of latent diffusion with f = 8 (Rombach et al. 2022), with diffusers' key names. */
export function sdVae(options: SdVaeOptions = {}): Model {
  return klAutoencoder(
    "sdVae",
    options,
    { base: 128, multipliers: [1, 2, 4, 4], encoderBlocks: 2, decoderBlocks: 3 },
    diffusersConfig(options),
  );
}

/**
 * The downscaled VAE of arXiv:2405.14477 Table 2b, whose encoder has 6.75 M parameters. The paper gives no configuration: this one, base 96,
 * multipliers (1, 2, 2, 3), one block per level, has 6,743,624. The decoder is SD-VAE's.
 */
export function vaeSmall(options: SdVaeOptions = {}): Model {
  return klAutoencoder("vaeSmall", options, { base: 96, multipliers: [1, 2, 2, 3], encoderBlocks: 1, decoderBlocks: 3 });
}

/** Keys that diffusers gave attention layers before 0.13, and that published files still have. */
const renames: Interchange["renames"] = {
  "attentions.*.query": "attentions.*.to_q",
  "attentions.*.key": "attentions.*.to_k",
  "attentions.*.value": "attentions.*.to_v",
  "attentions.*.proj_attn": "attentions.*.to_out.0",
};

/** The configuration of diffusers' AutoencoderKL; scaling_factor is that of Stable Diffusion 1 (Rombach et al. 2022). */
function diffusersConfig({
  latentChannels = 4,
  imageChannels = 3,
  pointwise = false,
}: SdVaeOptions): NonNullable<Interchange["diffusers"]> {
  return {
    _class_name: "AutoencoderKL",
    act_fn: "silu",
    block_out_channels: [128, 256, 512, 512],
    down_block_types: Array.from({ length: 4 }, () => "DownEncoderBlock2D"),
    in_channels: imageChannels,
    latent_channels: latentChannels,
    layers_per_block: 2,
    norm_num_groups: 32,
    out_channels: imageChannels,
    sample_size: 256,
    scaling_factor: 0.18215,
    up_block_types: Array.from({ length: 4 }, () => "UpDecoderBlock2D"),
    use_post_quant_conv: pointwise,
    use_quant_conv: pointwise,
  };
}

function klAutoencoder(
  called: string,
  options: SdVaeOptions,
  { base, multipliers, encoderBlocks, decoderBlocks }: KlConfig,
  diffusers?: Interchange["diffusers"],
): Model {
  const { latentChannels = 4, imageChannels = 3, pointwise = false } = options;
  checkKeys(called, options, ["name", "latentChannels", "imageChannels", "pointwise", "discriminator"], klAutoencoder);
  checkCounts(called, { latentChannels, imageChannels }, klAutoencoder);
  const encode = KlEncoder({ imageChannels, moments: 2 * latentChannels, base, multipliers, blocks: encoderBlocks });
  const decode = klDecoder({ latentChannels, imageChannels, blocks: decoderBlocks, options: {} });
  return model({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    ...(pointwise ? withPointwise(latentChannels, encode, decode) : { encoder: encode, decoder: decode }),
    discriminator: discriminatorFor(imageChannels, options.discriminator, klAutoencoder),
    interchange: { renames, ...(diffusers === undefined ? {} : { diffusers }) },
  });
}
