/** The KL decoder with the options that `litevae` and `sdVae` give it. */
import { UserError } from "../../src/errors/index.ts";
import { captureSource, placeOf } from "../../src/ir/source.ts";
import { checkChoice, checkCounts, checkFlag, checkKeys, checkList, checkWidths, type Below } from "../config.ts";
import type { Feature } from "../feature.ts";
import { conv2d } from "../layers/index.ts";
import type { ModelConfig } from "../model.ts";
import { stages } from "../stages.ts";
import { KlDecoder, normSettings, type DecoderNorm } from "./autoencoder-kl.ts";

export interface DecoderOptions {
  /** `group` as in the paper's main results, by default; `smc` for self-modulated convolution. */
  readonly norm?: DecoderNorm;
  /** Channels at the image's resolution; 128 by default. */
  readonly base?: number;
  /** Channels of the levels as multiples of `base`; (1, 2, 4, 4) by default, and four, since the latent is 8 times smaller than the image. */
  readonly multipliers?: readonly [number, number, number, number];
  /** Residual blocks of a level; 3 by default. */
  readonly blocks?: number;
  /** Attention in the middle: by default with `group`, not with `smc` (which then works at any resolution). */
  readonly attention?: boolean;
  /** Levels whose residual blocks are followed by self-attention, 0 for the last; none by default. */
  readonly attentionLevels?: readonly number[];
}

/** The SD-VAE decoder with the options of `litevae` and `sdVae`, of which one is wrong at `below`, and as many levels as they need. */
export function klDecoder(config: {
  readonly of: string;
  readonly below: Below;
  readonly latentChannels: number;
  readonly imageChannels: number;
  readonly levels: number;
  readonly options: Omit<DecoderOptions, "multipliers"> & { readonly multipliers?: readonly number[] };
  /** How often the sides double; once fewer than there are levels where nothing is said. */
  readonly halvings?: number;
}): (z: Feature<number, number>) => Feature<number, 1> {
  const { of, below, latentChannels, imageChannels, levels, options, halvings } = config;
  const known = ["norm", "base", "multipliers", "blocks", "attention", "attentionLevels"];
  checkKeys(`decoder of ${of}`, options, known, below);
  const { norm = "group", base = 128, multipliers = [1, 2, 4, 4], blocks = 3 } = options;
  const { attention = norm === "group", attentionLevels = [] } = options;
  checkChoice(`decoder.norm of ${of}`, norm, ["group", "smc"], below);
  checkFlag(`decoder of ${of}`, { attention }, below);
  checkCounts(`decoder of ${of}`, { base, blocks }, below);
  checkList(`decoder of ${of}`, "multipliers", multipliers, { min: 1, max: 8 }, below);
  if (multipliers.length !== levels) throw unequalLevels(of, levels, multipliers.length, below);
  checkWidths(`decoder of ${of}`, "base", base, multipliers, below);
  checkLevels(`decoder.attentionLevels of ${of}`, attentionLevels, levels, below);
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
    attentionAt: attentionLevels.map((level) => levels - 1 - level).toReversed(),
    ...(halvings === undefined ? {} : { halvings }),
  });
}

function unequalLevels(of: string, levels: number, found: number, below: Below): UserError {
  return new UserError({
    what: `the decoder of ${of} has another number of levels than the encoder`,
    where: placeOf(captureSource(below)),
    expected: `${levels} multipliers`,
    found: String(found),
    help: "give decoder.multipliers as many: the image comes out as large as it went in",
  });
}

/** Refuses the number of a level that is not there. */
export function checkLevels(what: string, chosen: readonly number[], levels: number, below: Below): void {
  const unknown = chosen.find((level) => !Number.isInteger(level) || level < 0 || level >= levels);
  if (unknown === undefined) return;
  throw new UserError({
    what: `${what} names a level that is not there`,
    where: placeOf(captureSource(below)),
    expected: `levels from 0, the image's resolution, to ${levels - 1}`,
    found: String(unknown),
    help: "count the levels from 0, one for each multiplier",
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
