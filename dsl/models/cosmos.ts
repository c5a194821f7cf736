/** The continuous image tokenizers of Cosmos (NVIDIA 2025, arXiv:2501.03575): KL autoencoders of Haar bands, without a distribution. */
import { UserError } from "../../src/errors/index.ts";
import type { Model } from "../../src/ir/model.ts";
import { captureSource, placeOf } from "../../src/ir/source.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkCounts, checkKeys } from "../config.ts";
import type { Feature, FeatureMap } from "../feature.ts";
import { haarDwt, haarIdwt } from "../functions/index.ts";
import { conv2d } from "../layers/index.ts";
import { model } from "../model.ts";
import { stages } from "../stages.ts";
import { KlDecoder, KlEncoder, normSettings } from "./autoencoder-kl.ts";
import { klRenames } from "./kl-keys.ts";

export interface CosmosTokenizerOptions {
  readonly name?: string;
  /** How much smaller the latent is than the image: 8, the default, or 16. */
  readonly stride?: 8 | 16;
  /** 16 by default. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** Channels of the first layer, of which the three levels have 2, 4 and 4 times as many; 128 by default. */
  readonly base?: number;
}

/**
 * Two levels of the Haar transform, of all bands each time, then a KL encoder of three levels; the decoder the other way round. The latent is
 * what the encoder gives.
 */
export function cosmosTokenizer(options: CosmosTokenizerOptions = {}): Model {
  checkOnlySettings("cosmosTokenizer", arguments, cosmosTokenizer);
  checkKeys("cosmosTokenizer", options, ["name", "stride", "latentChannels", "imageChannels", "base"], cosmosTokenizer);
  const { stride = 8, latentChannels = 16, imageChannels = 3, base = 128 } = options;
  checkCounts("cosmosTokenizer", { latentChannels, imageChannels, base }, cosmosTokenizer);
  const refused = (what: string, expected: string, found: unknown): UserError =>
    new UserError({
      what,
      where: placeOf(captureSource(cosmosTokenizer)),
      expected,
      found: String(found),
      help: "choose what is expected",
    });
  const halvings = new Map<number, number>([
    [8, 1],
    [16, 2],
  ]).get(stride);
  if (halvings === undefined) throw refused("cosmosTokenizer has no such stride", "stride: 8 or 16", stride);
  const { groups } = normSettings;
  if (base % groups !== 0)
    throw refused(`the ${groups} groups of the norms do not divide the widths`, `base: a multiple of ${groups}`, base);

  const bands = 16 * imageChannels;
  const levels = { base, multipliers: [2, 4, 4], halvings, attention: true, attentionAt: [] };
  const encoder = KlEncoder({ ...levels, imageChannels: bands, moments: latentChannels, blocks: 2 });
  const decoder = KlDecoder({ ...levels, latentChannels, imageChannels: bands, blocks: 3, norm: "group" });
  const pointwise = { in: latentChannels, out: latentChannels, kernel: 1 };
  const [quant_conv, post_quant_conv] = [conv2d(pointwise), conv2d(pointwise)];
  const half = (x: FeatureMap): FeatureMap => haarDwt(x, { scale: 0.5 }).bands;
  const twice = (x: FeatureMap): FeatureMap => haarIdwt(x, { scale: 2 });
  return model<number, number, number, "none">({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    posterior: "none",
    encoder: stages({ encoder, quant_conv }, (image: FeatureMap) => quant_conv(encoder(half(half(image))))),
    decoder: stages({ post_quant_conv, decoder }, (z: FeatureMap): Feature<number, 1> =>
      twice(twice(decoder(post_quant_conv(z)))),
    ),
    interchange: { renames: klRenames(levels.multipliers.length) },
  });
}
