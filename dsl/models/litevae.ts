import type { Model } from "../../src/ir/model.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkChoice, checkCounts, checkKeys, checkRange } from "../config.ts";
import type { Feature } from "../feature.ts";
import { avgPool2d, concat, haarDwt } from "../functions/index.ts";
import { model } from "../model.ts";
import { block, layers } from "../tracing/block.ts";
import { discriminatorFor, type DiscriminatorConfig } from "./discriminator-kinds.ts";
import { klDecoder, withPointwise, type DecoderOptions } from "./kl-decoder.ts";
import { UNet } from "./unet.ts";

interface Width {
  readonly channels: number;
  readonly multipliers: readonly number[];
}

/** Widths of the feature extractors and of the aggregator (arXiv:2405.14477 Tables 23–24). */
const variants = {
  S: { extractor: { channels: 16, multipliers: [1, 2, 2] }, aggregator: { channels: 16, multipliers: [1, 2, 2] } },
  B: { extractor: { channels: 32, multipliers: [1, 2, 3] }, aggregator: { channels: 32, multipliers: [1, 2, 3] } },
  M: { extractor: { channels: 64, multipliers: [1, 2, 4] }, aggregator: { channels: 32, multipliers: [1, 2, 3] } },
  L: { extractor: { channels: 64, multipliers: [1, 2, 4] }, aggregator: { channels: 64, multipliers: [1, 2, 4] } },
} as const satisfies Record<string, { readonly extractor: Width; readonly aggregator: Width }>;

export type LiteVaeVariant = keyof typeof variants;

export interface LiteVaeEncoderConfig<I extends number, M extends number> {
  readonly imageChannels: I;
  /** Channels of the moments: twice the latent's. */
  readonly moments: M;
  readonly extractor: Width;
  readonly aggregator: Width;
  readonly dropout: number;
}

/**
 * Three Haar levels, a UNet on each, all brought to H/8 × W/8 by average pooling, concatenated and aggregated by a fourth UNet
 * (arXiv:2405.14477 §4.1). [N, imageChannels, H, W] → moments [N, 2·nz, H/8, W/8].
 */
export const LiteVaeEncoder = block(
  "LiteVaeEncoder",
  <I extends number, M extends number>(config: LiteVaeEncoderConfig<I, M>) => {
    const { imageChannels, moments, extractor, aggregator, dropout } = config;
    const bands = 4 * imageChannels;
    const extract = (): ReturnType<typeof UNet<number, number>> => UNet({ in: bands, out: bands, ...extractor, dropout });
    const { extractors, aggregator: aggregate } = layers({
      extractors: [extract(), extract(), extract()],
      aggregator: UNet({ in: 3 * bands, out: moments, ...aggregator, dropout }),
    });
    return (image: Feature<I, 1>): Feature<M, 8> => {
      // The paper divides level l by 2^l: with half of the orthonormal scale at every level that happens by itself.
      const level1 = haarDwt(image as Feature<number, 1>, { scale: 0.5 });
      const level2 = haarDwt(level1.low, { scale: 0.5 });
      const level3 = haarDwt(level2.low, { scale: 0.5 });
      const [first, second, third] = extractors as [
        ReturnType<typeof extract>,
        ReturnType<typeof extract>,
        ReturnType<typeof extract>,
      ];
      const features = concat(
        avgPool2d(first(level1.bands), { size: 4 }),
        avgPool2d(second(level2.bands), { size: 2 }),
        third(level3.bands),
      );
      return aggregate(features);
    };
  },
);

export interface LiteVaeOptions {
  readonly name?: string;
  readonly variant: LiteVaeVariant;
  /** 12 by default. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  readonly decoder?: DecoderOptions;
  /** 1×1 convolutions after the encoder and before the decoder (arXiv:2405.14477 App. D.2); off by default. */
  readonly pointwise?: boolean;
  /** Dropout rate in the encoder's residual blocks; 0 by default. */
  readonly dropout?: number;
  /** The UNet discriminator with 32 channels by default; false for none. */
  readonly discriminator?: DiscriminatorConfig | false;
}

/** LiteVAE (arXiv:2405.14477): wavelet encoder, SD-VAE's decoder or its self-modulated variant, a discriminator. */
export function litevae(options: LiteVaeOptions): Model {
  const { variant, latentChannels = 12, imageChannels = 3, pointwise = false, dropout = 0, decoder = {} } = options;
  const settings = ["name", "variant", "latentChannels", "imageChannels", "decoder", "pointwise", "dropout", "discriminator"];
  checkOnlySettings("litevae", arguments, litevae);
  checkKeys("litevae", options, settings, litevae);
  checkKeys("decoder of litevae", decoder, ["norm", "base", "multipliers", "attention"], litevae);
  checkChoice("variant of litevae", variant, Object.keys(variants), litevae);
  checkCounts("litevae", { latentChannels, imageChannels, base: decoder.base ?? 128 }, litevae);
  checkRange("litevae", { dropout }, { min: 0, max: 1 }, litevae);
  const norm = decoder.norm ?? "group";
  checkChoice("decoder.norm of litevae", norm, ["group", "smc"], litevae);
  const encode = LiteVaeEncoder({ imageChannels, moments: 2 * latentChannels, ...variants[variant], dropout });
  const decode = klDecoder({ latentChannels, imageChannels, blocks: 3, options: decoder, attentionAt: [] });
  return model({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    ...(pointwise ? withPointwise(latentChannels, encode, decode) : { encoder: encode, decoder: decode }),
    discriminator: discriminatorFor(imageChannels, options.discriminator, litevae),
  });
}
