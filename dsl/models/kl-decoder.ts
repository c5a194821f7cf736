/** The KL decoder with the options that `litevae` and `sdVae` give it. */
import { UserError } from "../../src/errors/index.ts";
import { captureSource, placeOf } from "../../src/ir/source.ts";
import type { Below } from "../config.ts";
import type { Feature } from "../feature.ts";
import { conv2d } from "../layers/index.ts";
import type { ModelConfig } from "../model.ts";
import { stages } from "../stages.ts";
import { KlDecoder, normSettings, type DecoderNorm } from "./autoencoder-kl.ts";

export interface DecoderOptions {
  /** `group` as in the paper's main results, by default; `smc` for self-modulated convolution. */
  readonly norm?: DecoderNorm;
  /** 128 by default. */
  readonly base?: number;
  /** (1, 2, 4, 4) by default; four levels, since the latent is 8 times smaller than the image. */
  readonly multipliers?: readonly [number, number, number, number];
  /** Attention in the middle: by default with `group`, not with `smc` (which then works at any resolution). */
  readonly attention?: boolean;
}

/** The SD-VAE decoder with the options of `litevae` and `sdVae`. */
export function klDecoder(config: {
  readonly latentChannels: number;
  readonly imageChannels: number;
  readonly blocks: number;
  readonly options: Omit<DecoderOptions, "multipliers"> & { readonly multipliers?: readonly number[] };
  readonly attentionAt: readonly number[];
  /** How often the sides double; once fewer than there are levels where nothing is said. */
  readonly halvings?: number;
}): (z: Feature<number, number>) => Feature<number, 1> {
  const { norm = "group", base = 128, multipliers = [1, 2, 4, 4], attention = norm === "group" } = config.options;
  const { latentChannels, imageChannels, blocks, attentionAt, halvings } = config;
  if (norm === "group") {
    const widths = multipliers.map((multiplier) => multiplier * base);
    const cure = `choose a base that is a multiple of ${normSettings.groups}, or norm: "smc"`;
    checkGroups("the decoder", widths, "decoder.base times every multiplier: a multiple", cure, klDecoder);
  }
  return KlDecoder({
    latentChannels,
    imageChannels,
    base,
    multipliers,
    blocks,
    norm,
    attention,
    attentionAt,
    ...(halvings === undefined ? {} : { halvings }),
  });
}

type Parts = Pick<ModelConfig<number, number, number>, "encoder" | "decoder">;

/** Whether weights under these keys have the 1×1 convolutions of `withPointwise`. */
export function hasPointwise(keys: readonly string[]): boolean {
  return keys.some((key) => key.startsWith("quant_conv."));
}

/** Puts quant_conv after the encoder and post_quant_conv before the decoder, under diffusers' names. */
export function withPointwise(latentChannels: number, encode: Parts["encoder"], decode: Parts["decoder"]): Parts {
  const moments = 2 * latentChannels;
  return {
    encoder: stages({ encoder: encode, quant_conv: conv2d({ in: moments, out: moments, kernel: 1 }) }),
    decoder: stages({ post_quant_conv: conv2d({ in: latentChannels, out: latentChannels, kernel: 1 }), decoder: decode }),
  };
}

/** Refuses widths that the groups of the KL autoencoder's norms do not divide. */
export function checkGroups(of: string, widths: readonly number[], expected: string, help: string, below: Below): void {
  const undivided = widths.find((width) => !Number.isInteger(width / normSettings.groups));
  if (undivided === undefined) return;
  throw new UserError({
    what: `the ${normSettings.groups} groups of the norms do not divide a width of ${of}`,
    where: placeOf(captureSource(below)),
    expected: `${expected} of ${normSettings.groups}`,
    found: String(undivided),
    help,
  });
}
