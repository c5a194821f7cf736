/** DC-AE (Chen et al. 2024, arXiv:2410.10733) with its options, and the config.json that diffusers has for it. */
import { UserError } from "../../src/errors/index.ts";
import type { DiffusersSetting, Interchange, Model } from "../../src/ir/model.ts";
import { captureSource, placeOf } from "../../src/ir/source.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkChoice, checkCounts, checkFlag, checkKeys, checkList, checkRange, type Below } from "../config.ts";
import { model } from "../model.ts";
import {
  DcDecoder,
  DcEncoder,
  type DcActivation,
  type DcDecoderConfig,
  type DcDownsampling,
  type DcEncoderConfig,
  type DcNorm,
  type DcUpsampling,
} from "./autoencoder-dc.ts";

interface DcLevelOptions {
  /** Channels of the levels, the image's resolution first; (128, 256, 512, 512, 1024, 1024) by default. The latent is 2^(levels − 1) times smaller than the image. */
  readonly widths?: readonly number[];
  /** Blocks of the levels; (0, 4, 8, 2, 2, 2) by default in the encoder, (0, 5, 10, 2, 2, 2) in the decoder. The first alone may be 0: no layer but one sees the image's resolution then. */
  readonly blocks?: readonly number[];
  /** Levels of attention, 0 for the image's resolution; (3, 4, 5) by default. The others have residual blocks. */
  readonly attentionLevels?: readonly number[];
  /** Sides of the neighbourhoods that attention has heads of, beside those of single positions; none by default. */
  readonly kernels?: readonly number[];
  /** Whether the layer at the latent has the means, or the copies, of channels added; on by default. */
  readonly shortcut?: boolean;
}

export interface DcEncoderOptions extends DcLevelOptions {
  /** `pixelUnshuffle` by default. */
  readonly downsample?: DcDownsampling;
}

export interface DcDecoderOptions extends DcLevelOptions {
  /** `pixelShuffle` by default. */
  readonly upsample?: DcUpsampling;
  /** Of the residual blocks; `batch` by default. The encoder's and those of attention are `rms`. */
  readonly norm?: DcNorm;
  /** Of the residual blocks; `relu` by default. The encoder's is `silu`. */
  readonly activation?: DcActivation;
  /** Before the last layer; `relu` by default. */
  readonly outActivation?: DcActivation;
}

export interface DcAeOptions {
  readonly name?: string;
  /** 32 by default. With shortcuts it divides the last width. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** Channels of a head of attention; 32 by default. */
  readonly headSize?: number;
  readonly encoder?: DcEncoderOptions;
  readonly decoder?: DcDecoderOptions;
  /** `scaling_factor` of diffusers' config.json, which no layer follows from; 1 by default. */
  readonly diffusers?: { readonly scaling_factor?: number };
}

const levelSettings = ["widths", "blocks", "attentionLevels", "kernels", "shortcut"];
const usual = { widths: [128, 256, 512, 512, 1024, 1024], attentionLevels: [3, 4, 5], kernels: [], shortcut: true };

/** The deep-compression autoencoder: 32 times smaller by default, as dc-ae-f32c32-in-1.0 was published; a deterministic encoder, its output the latent. */
export function dcAe(options: DcAeOptions = {}): Model {
  checkOnlySettings("dcAe", arguments, dcAe);
  checkKeys("dcAe", options, ["name", "latentChannels", "imageChannels", "headSize", "encoder", "decoder", "diffusers"], dcAe);
  const { latentChannels = 32, imageChannels = 3, headSize = 32, encoder = {}, decoder = {}, diffusers = {} } = options;
  checkCounts("dcAe", { latentChannels, imageChannels, headSize }, dcAe);
  checkKeys("encoder of dcAe", encoder, [...levelSettings, "downsample"], dcAe);
  checkKeys("decoder of dcAe", decoder, [...levelSettings, "upsample", "norm", "activation", "outActivation"], dcAe);
  checkKeys("diffusers of dcAe", diffusers, ["scaling_factor"], dcAe);

  const encoding = { ...usual, blocks: [0, 4, 8, 2, 2, 2], downsample: "pixelUnshuffle", ...encoder } as const;
  const decoding = {
    ...usual,
    blocks: [0, 5, 10, 2, 2, 2],
    upsample: "pixelShuffle",
    norm: "batch",
    activation: "relu",
    outActivation: "relu",
    ...decoder,
  } as const;
  checkChoice("downsample of dcAe", encoding.downsample, ["pixelUnshuffle", "conv"], dcAe);
  checkChoice("upsample of dcAe", decoding.upsample, ["pixelShuffle", "interpolate"], dcAe);
  checkChoice("norm of dcAe", decoding.norm, ["batch", "rms"], dcAe);
  checkChoice("activation of dcAe", decoding.activation, ["relu", "silu"], dcAe);
  checkChoice("outActivation of dcAe", decoding.outActivation, ["relu", "silu"], dcAe);
  // The image comes out as large as it went in.
  const levels = encoding.widths.length;
  checkLevels("encoder of dcAe", encoding, latentChannels, levels, dcAe);
  checkLevels("decoder of dcAe", decoding, latentChannels, levels, dcAe);

  const common = { imageChannels, latentChannels, headSize };
  const encoderConfig = configOf(common, encoding);
  const decoderConfig = configOf(common, decoding);
  return model<number, number, number, "none">({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    posterior: "none",
    encoder: DcEncoder(encoderConfig),
    decoder: DcDecoder(decoderConfig),
    interchange: {
      renames: {},
      diffusers: { ...diffusersConfig(encoderConfig, decoderConfig), scaling_factor: 1, ...diffusers },
    },
  });
}

type Levels = Required<DcLevelOptions>;

function configOf<C, L extends Levels>(
  common: C,
  { attentionLevels, ...others }: L,
): C & Omit<L, "attentionLevels"> & Pick<DcEncoderConfig, "attentionAt"> {
  return { ...common, ...others, attentionAt: attentionLevels };
}

function checkLevels(called: string, levels: Levels, latentChannels: number, count: number, below: Below): void {
  const { widths, blocks, attentionLevels, kernels, shortcut } = levels;
  checkList(called, "widths", widths, { min: Math.max(count, 2), max: count }, below);
  checkList(called, "blocks", blocks, { min: count, max: count }, below);
  checkList(called, "attentionLevels", attentionLevels, { min: 0, max: count }, below);
  checkList(called, "kernels", kernels, { min: 0, max: 8 }, below);
  checkFlag(called, { shortcut }, below);
  checkCounts(called, { ...named("widths", widths), ...named("kernels", kernels) }, below);
  checkCounts(called, named("attentionLevels", attentionLevels), below, 0);
  checkRange(called, named("attentionLevels", attentionLevels), { min: 0, max: count - 1 }, below);
  const { "blocks[0]": first, ...others } = named("blocks", blocks);
  checkCounts(called, { "blocks[0]": first }, below, 0);
  checkCounts(called, others, below);
  const top = widths.at(-1);
  if (!shortcut || top === undefined || top % latentChannels === 0) return;
  throw new UserError({
    what: `${latentChannels} latent channels do not divide the last width of the ${called}`,
    where: placeOf(captureSource(below)),
    expected: `a divisor of ${top}`,
    found: String(latentChannels),
    help: "choose other latent channels or widths, or shortcut: false",
  });
}

function named(name: string, list: readonly number[]): Readonly<Record<string, number>> {
  return Object.fromEntries(list.map((each, i) => [`${name}[${i}]`, each]));
}

/** Of diffusers' AutoencoderDC, without its scale. */
function diffusersConfig(encoder: DcEncoderConfig, decoder: DcDecoderConfig): NonNullable<Interchange["diffusers"]> {
  // What residual blocks have does not differ from level to level here; blocks of attention have the norm and the activation of diffusers' own defaults.
  const ofDecoder = (residual: string, attention: string): readonly string[] =>
    decoder.widths.map((_, level) => (decoder.attentionAt.includes(level) ? attention : residual));
  return {
    _class_name: "AutoencoderDC",
    attention_head_dim: encoder.headSize,
    ...levelsConfig("encoder", encoder),
    ...levelsConfig("decoder", decoder),
    decoder_act_fns: ofDecoder(decoder.activation, "silu"),
    decoder_conv_act_fn: decoder.outActivation,
    decoder_in_shortcut: decoder.shortcut,
    decoder_norm_types: ofDecoder(`${decoder.norm}_norm`, "rms_norm"),
    downsample_block_type: encoder.downsample === "conv" ? "conv" : "pixel_unshuffle",
    encoder_out_shortcut: encoder.shortcut,
    in_channels: encoder.imageChannels,
    latent_channels: encoder.latentChannels,
    upsample_block_type: decoder.upsample === "interpolate" ? "interpolate" : "pixel_shuffle",
  };
}

function levelsConfig(
  part: string,
  { widths, blocks, attentionAt, kernels }: DcEncoderConfig | DcDecoderConfig,
): Readonly<Record<string, DiffusersSetting>> {
  const attends = widths.map((_, level) => attentionAt.includes(level));
  return {
    [`${part}_block_out_channels`]: widths,
    [`${part}_block_types`]: attends.map((each) => (each ? "EfficientViTBlock" : "ResBlock")),
    [`${part}_layers_per_block`]: blocks,
    [`${part}_qkv_multiscales`]: attends.map((each) => (each ? kernels : [])),
  };
}
