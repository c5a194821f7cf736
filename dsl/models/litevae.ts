import type { Model } from "../../src/ir/model.ts";
import { checkOnlySettings } from "../arguments.ts";
import { UserError } from "../../src/errors/index.ts";
import { captureSource, placeOf } from "../../src/ir/source.ts";
import { checkChoice, checkCounts, checkFlag, checkKeys, checkList, checkRange, checkWidths } from "../config.ts";
import type { Feature } from "../feature.ts";
import { avgPool2d, concat, haarDwt, haarIdwt } from "../functions/index.ts";
import { conv2d } from "../layers/index.ts";
import { model } from "../model.ts";
import { searchable } from "../searchable.ts";
import { stages } from "../stages.ts";
import { block, layers } from "../tracing/block.ts";
import { discriminatorFor, type DiscriminatorConfig } from "./discriminator-kinds.ts";
import { klDecoder, withPointwise, type DecoderOptions } from "./kl-decoder.ts";
import { UNet } from "./unet.ts";
import {
  FixedEncoder,
  fixedChannels,
  WaveletEncoder,
  type EncoderOptions,
  type FixedEncoding,
  type Width,
} from "./wavelet-encoder.ts";

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
      const level1 = haarDwt(image, { scale: 0.5 });
      const level2 = haarDwt(level1.low, { scale: 0.5 });
      const level3 = haarDwt(level2.low, { scale: 0.5 });
      const [first, second, third] = extractors;
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
  /** 12 by default; what the encoder gives where it learns nothing. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** The parts of the encoder, each the paper's by default, or an encoder that learns nothing and has no distribution (docs/ablations.md). */
  readonly encoder?: EncoderOptions | FixedEncoding;
  readonly decoder?: DecoderOptions;
  /** "wavelet": the decoder ends in Haar bands at half of the image's size, of which the inverse transform makes the image; "image" by default. */
  readonly output?: "image" | "wavelet";
  /** 1×1 convolutions after the encoder and before the decoder (arXiv:2405.14477 App. D.2); off by default. */
  readonly pointwise?: boolean;
  /** Dropout rate in the encoder's residual blocks; 0 by default. */
  readonly dropout?: number;
  /** The UNet discriminator with 32 channels by default; false for none. */
  readonly discriminator?: DiscriminatorConfig | false;
}

/** What `litevae search` may vary of a variant: widths of the encoder's parts, the decoder's, and the latent's channels. */
export function searchableLiteVae(options: LiteVaeOptions): Model {
  const { extractor, aggregator }: Readonly<Record<"extractor" | "aggregator", Width>> = variants[options.variant];
  const settings = {
    latentChannels: options.latentChannels ?? 12,
    channels: extractor.channels,
    multipliers: extractor.multipliers,
    aggregatorChannels: aggregator.channels,
    aggregatorMultipliers: aggregator.multipliers,
    decoderBase: options.decoder?.base ?? 128,
    decoderBlocks: options.decoder?.blocks ?? 3,
  };
  return searchable(settings, (given) => {
    const widths = {
      extractor: { channels: given.channels, multipliers: given.multipliers },
      aggregator: { channels: given.aggregatorChannels, multipliers: given.aggregatorMultipliers },
    };
    const decoder = { ...options.decoder, base: given.decoderBase, blocks: given.decoderBlocks };
    return litevae({ ...options, latentChannels: given.latentChannels, encoder: { widths }, decoder });
  });
}

const settings = [
  "name",
  "variant",
  "latentChannels",
  "imageChannels",
  "encoder",
  "decoder",
  "output",
  "pointwise",
  "dropout",
  "discriminator",
];
const fixed: readonly FixedEncoding[] = ["lowest-level", "space-to-depth"];

/** LiteVAE (arXiv:2405.14477): wavelet encoder, SD-VAE's decoder or its self-modulated variant, a discriminator. */
export function litevae(options: LiteVaeOptions): Model {
  const { variant, imageChannels = 3, pointwise = false, dropout = 0, encoder = {}, decoder = {}, output = "image" } = options;
  checkOnlySettings("litevae", arguments, litevae);
  checkKeys("litevae", options, settings, litevae);
  checkChoice("variant of litevae", variant, Object.keys(variants), litevae);
  checkChoice("output of litevae", output, ["image", "wavelet"], litevae);
  const isFixed = typeof encoder === "string";
  if (isFixed) checkChoice("encoder of litevae", encoder, fixed, litevae);
  const latentChannels = options.latentChannels ?? (isFixed ? fixedChannels(encoder, imageChannels) : 12);
  checkCounts("litevae", { latentChannels, imageChannels }, litevae);
  checkRange("litevae", { dropout }, { min: 0, max: 1 }, litevae);
  if (isFixed) checkFixed(encoder, latentChannels, imageChannels, pointwise);
  const halves = output === "wavelet";
  const decode = klDecoder({
    of: "litevae",
    below: litevae,
    latentChannels,
    imageChannels: halves ? 4 * imageChannels : imageChannels,
    levels: 4,
    options: decoder,
    ...(halves ? { halvings: 2 } : {}),
  });
  const shared = {
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    discriminator: discriminatorFor(imageChannels, options.discriminator, litevae),
  };
  if (isFixed) {
    return model({
      ...shared,
      posterior: "none",
      encoder: FixedEncoder({ imageChannels, encoding: encoder }),
      decoder: halves ? imageOfBands(decode, latentChannels, false) : decode,
    });
  }
  const moments = 2 * latentChannels;
  const encode = encoderOf(variant, encoder, { imageChannels, moments, dropout });
  const parts = pointwise ? withPointwise(latentChannels, encode, decode) : { encoder: encode, decoder: decode };
  return model({ ...shared, ...parts, ...(halves ? { decoder: imageOfBands(decode, latentChannels, pointwise) } : {}) });
}

type Encode = (image: Feature<number, 1>) => Feature<number, 8>;
type Decode = (z: Feature<number, number>) => Feature<number, 1>;

/** The paper's main encoder, or one of other parts. */
function encoderOf(
  variant: LiteVaeVariant,
  options: EncoderOptions,
  sizes: { readonly imageChannels: number; readonly moments: number; readonly dropout: number },
): Encode {
  checkKeys("encoder of litevae", options, ["extractor", "shared", "aggregator", "levels", "norm", "widths"], litevae);
  const { extractor = "unet", shared = false, aggregator = "unet", levels = [1, 2, 3], norm = "group" } = options;
  checkChoice("encoder.extractor of litevae", extractor, ["unet", "nafnet"], litevae);
  checkChoice("encoder.aggregator of litevae", aggregator, ["unet", "vit"], litevae);
  checkFlag("encoder of litevae", { shared }, litevae);
  checkList("encoder of litevae", "levels", levels, { min: 1, max: 3 }, litevae);
  checkChoice("encoder.levels of litevae", levels.join(", "), ["1, 2, 3", "2, 3", "1, 3", "1, 2", "3", "2", "1"], litevae);
  checkChoice("encoder.norm of litevae", norm, ["group", "smc", "rms", "none"], litevae);
  const unets = { extractor: extractor === "unet", aggregator: aggregator === "unet" };
  if (norm !== "group" && !unets.extractor && !unets.aggregator) throw ownNorms(norm);
  const { imageChannels, moments, dropout } = sizes;
  const widths = { ...variants[variant], ...checkedWidths(options.widths ?? {}, aggregator) };
  if (unets.extractor && unets.aggregator && !shared && levels.length === 3 && norm === "group")
    return LiteVaeEncoder({ imageChannels, moments, ...widths, dropout });
  const { extractor: extractorWidth, aggregator: aggregatorWidth } = widths;
  const residual = norm === "group" ? {} : { norm };
  return WaveletEncoder({ ...sizes, ...residual, extractor, shared, aggregator, levels, extractorWidth, aggregatorWidth });
}

/** Widths in the place of the variant's. */
function checkedWidths(
  widths: NonNullable<EncoderOptions["widths"]>,
  aggregator: "unet" | "vit",
): NonNullable<EncoderOptions["widths"]> {
  const named = "encoder.widths of litevae";
  checkKeys(named, widths, aggregator === "unet" ? ["extractor", "aggregator"] : ["extractor"], litevae);
  for (const [part, width] of Object.entries(widths)) {
    const of = `encoder.widths.${part} of litevae`;
    checkKeys(of, width, ["channels", "multipliers"], litevae);
    checkList(of, "multipliers", width.multipliers, { min: 1, max: 8 }, litevae);
    checkWidths(of, "channels", width.channels, width.multipliers, litevae);
  }
  return widths;
}

function ownNorms(norm: string): UserError {
  return new UserError({
    what: "encoder.norm of litevae is that of residual blocks, and this encoder has none",
    where: placeOf(captureSource(litevae)),
    expected: 'extractor: "unet" or aggregator: "unet"',
    found: `extractor: "nafnet", aggregator: "vit", norm: "${norm}"`,
    help: "leave norm out: NAFNet's blocks and the transformer have norms of their own",
  });
}

/** A decoder that ends in the bands of an image at half of its size, as one that ends in the image; with a 1×1 convolution before it where there is one. */
function imageOfBands(decode: Decode, latentChannels: number, pointwise: boolean): Decode {
  const first = pointwise ? { post_quant_conv: conv2d({ in: latentChannels, out: latentChannels, kernel: 1 }) } : {};
  const latentOf = (z: Feature<number, number>): Feature<number, number> => first.post_quant_conv?.(z) ?? z;
  return stages({ ...first, decoder: decode }, (z: Feature<number, number>): Feature<number, 1> =>
    haarIdwt<number, number>(decode(latentOf(z)), { scale: 2 }),
  );
}

function checkFixed(encoding: FixedEncoding, latentChannels: number, imageChannels: number, pointwise: boolean): void {
  const given = fixedChannels(encoding, imageChannels);
  if (latentChannels === given && !pointwise) return;
  throw new UserError({
    what: pointwise
      ? "an encoder that learns nothing has no convolution after it"
      : `the encoder "${encoding}" gives another latent`,
    where: placeOf(captureSource(litevae)),
    expected: pointwise ? "pointwise: false" : `latentChannels: ${given}`,
    found: pointwise ? "pointwise: true" : `latentChannels: ${latentChannels}`,
    help: "leave it out",
  });
}
