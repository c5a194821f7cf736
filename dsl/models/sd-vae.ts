import type { Model } from "../../src/ir/model.ts";
import { checkCounts } from "../config.ts";
import { model } from "../model.ts";
import { KlEncoder } from "./autoencoder-kl.ts";
import type { DiscriminatorConfig } from "./discriminators.ts";
import { discriminatorFor, klDecoder, withPointwise } from "./litevae.ts";

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
  return klAutoencoder(options, { base: 128, multipliers: [1, 2, 4, 4], encoderBlocks: 2, decoderBlocks: 3 });
}

/**
 * The downscaled VAE of arXiv:2405.14477 Table 2b, whose encoder has 6.75 M parameters. The paper gives no configuration: this one, base 96,
 * multipliers (1, 2, 2, 3), one block per level, has 6,743,624. The decoder is SD-VAE's.
 */
export function vaeSmall(options: SdVaeOptions = {}): Model {
  return klAutoencoder(options, { base: 96, multipliers: [1, 2, 2, 3], encoderBlocks: 1, decoderBlocks: 3 });
}

function klAutoencoder(options: SdVaeOptions, { base, multipliers, encoderBlocks, decoderBlocks }: KlConfig): Model {
  const { latentChannels = 4, imageChannels = 3, pointwise = false } = options;
  checkCounts("sdVae", { latentChannels, imageChannels }, klAutoencoder);
  const encode = KlEncoder({ imageChannels, moments: 2 * latentChannels, base, multipliers, blocks: encoderBlocks });
  const decode = klDecoder({ latentChannels, imageChannels, blocks: decoderBlocks, options: {} });
  return model({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    ...(pointwise ? withPointwise(latentChannels, encode, decode) : { encoder: encode, decoder: decode }),
    discriminator: discriminatorFor(imageChannels, options.discriminator),
  });
}
