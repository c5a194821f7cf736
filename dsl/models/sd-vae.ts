import type { Interchange, Model } from "../../src/ir/model.ts";
import { checkOnlySettings } from "../arguments.ts";
import { checkCounts, checkKeys, checkList, type Below } from "../config.ts";
import { model } from "../model.ts";
import { KlEncoder } from "./autoencoder-kl.ts";
import { discriminatorFor, type DiscriminatorConfig } from "./discriminator-kinds.ts";
import { checkLevels, klDecoder, withPointwise, type DecoderOptions } from "./kl-decoder.ts";
import { klRenames } from "./kl-keys.ts";

/** What is left out is as in the encoder, save that a level has one residual block more. */
export interface KlDecoderOptions extends Omit<DecoderOptions, "multipliers"> {
  /** As many as the encoder has. */
  readonly multipliers?: readonly number[];
}

export interface SdVaeOptions {
  readonly name?: string;
  /** 4 by default. */
  readonly latentChannels?: number;
  /** 3 by default. */
  readonly imageChannels?: number;
  /** Channels at the image's resolution; 128 by default. */
  readonly base?: number;
  /** Channels of the levels as multiples of `base`; (1, 2, 4, 4) by default. The latent is 2^(levels − 1) times smaller than the image. */
  readonly multipliers?: readonly number[];
  /** Residual blocks of a level in the encoder; 2 by default. */
  readonly blocks?: number;
  /** Self-attention in the middle of encoder and decoder; on by default. */
  readonly attention?: boolean;
  /** Levels whose residual blocks are followed by self-attention, 0 for the image's resolution; none by default. */
  readonly attentionLevels?: readonly number[];
  readonly decoder?: KlDecoderOptions;
  /** quant_conv and post_quant_conv, as in the files that diffusers publishes; off by default. */
  readonly pointwise?: boolean;
  readonly discriminator?: DiscriminatorConfig | false;
  /** Settings of diffusers' config.json that no layer follows from: `scaling_factor`, `shift_factor`, `force_upcast`, `sample_size`. */
  readonly diffusers?: DiffusersSettings;
}

/** What a published config.json says besides the architecture. */
export interface DiffusersSettings {
  readonly scaling_factor?: number;
  readonly shift_factor?: number;
  readonly force_upcast?: boolean;
  readonly sample_size?: number;
}

const settings = [
  "name",
  "latentChannels",
  "imageChannels",
  "base",
  "multipliers",
  "blocks",
  "attention",
  "attentionLevels",
  "decoder",
  "pointwise",
  "discriminator",
  "diffusers",
];

/** The KL autoencoder of latent diffusion (Rombach et al. 2022), f = 8 by default, with diffusers' key names. */
export function sdVae(options: SdVaeOptions = {}): Model {
  checkOnlySettings("sdVae", arguments, sdVae);
  checkKeys("sdVae", options, settings, sdVae);
  return klAutoencoder("sdVae", options, sdVae);
}

/**
 * The downscaled VAE of arXiv:2405.14477 Table 2b, whose encoder has 6.75 M parameters. The paper gives no configuration: this one, base 96,
 * multipliers (1, 2, 2, 3), one block per level, has 6,743,624. The decoder is SD-VAE's.
 */
export function vaeSmall(
  options: Pick<SdVaeOptions, "name" | "latentChannels" | "imageChannels" | "pointwise" | "discriminator"> = {},
): Model {
  checkOnlySettings("vaeSmall", arguments, vaeSmall);
  checkKeys("vaeSmall", options, ["name", "latentChannels", "imageChannels", "pointwise", "discriminator"], vaeSmall);
  const decoder = { base: 128, multipliers: [1, 2, 4, 4], blocks: 3 };
  return klAutoencoder("vaeSmall", { ...options, base: 96, multipliers: [1, 2, 2, 3], blocks: 1, decoder }, vaeSmall);
}

function klAutoencoder(called: string, options: SdVaeOptions, below: Below): Model {
  const { latentChannels = 4, imageChannels = 3, base = 128, multipliers = [1, 2, 4, 4], blocks = 2 } = options;
  const { attention = true, attentionLevels = [], pointwise = false, decoder = {} } = options;
  checkKeys(
    `diffusers of ${called}`,
    options.diffusers ?? {},
    ["scaling_factor", "shift_factor", "force_upcast", "sample_size"],
    below,
  );
  checkList(called, "multipliers", multipliers, { min: 1, max: 8 }, below);
  checkCounts(called, { latentChannels, imageChannels, base, blocks }, below);
  const levels = multipliers.length;
  checkLevels(`attentionLevels of ${called}`, attentionLevels, levels, below);
  const decoding = { base, multipliers, blocks: blocks + 1, attention, attentionLevels, norm: "group", ...decoder } as const;

  const encode = KlEncoder({
    imageChannels,
    moments: 2 * latentChannels,
    base,
    multipliers,
    blocks,
    attention,
    attentionAt: attentionLevels,
  });
  const decode = klDecoder({ of: called, below, latentChannels, imageChannels, levels, options: decoding });
  const diffusers = diffusersConfig(options, decoding);
  return model({
    ...(options.name === undefined ? {} : { name: options.name }),
    imageChannels,
    latentChannels,
    ...(pointwise ? withPointwise(latentChannels, encode, decode) : { encoder: encode, decoder: decode }),
    discriminator: discriminatorFor(imageChannels, options.discriminator, below),
    interchange: { renames: klRenames(levels), ...(diffusers === undefined ? {} : { diffusers }) },
  });
}

/**
 * The configuration of diffusers' AutoencoderKL, whose decoder has the encoder's widths and one residual block more; undefined for another.
 * scaling_factor is that of Stable Diffusion 1 (Rombach et al. 2022) where none is given.
 */
function diffusersConfig(
  options: SdVaeOptions,
  decoder: Required<Omit<KlDecoderOptions, "norm">> & Pick<KlDecoderOptions, "norm">,
): Interchange["diffusers"] {
  const { latentChannels = 4, imageChannels = 3, base = 128, multipliers = [1, 2, 4, 4], blocks = 2 } = options;
  const { attention = true, attentionLevels = [], pointwise = false } = options;
  const widths = multipliers.map((multiplier) => multiplier * base);
  const same =
    decoder.multipliers.every((multiplier, level) => multiplier * decoder.base === widths[level]) &&
    decoder.blocks === blocks + 1 &&
    decoder.attention === attention &&
    [...decoder.attentionLevels].toSorted().join() === [...attentionLevels].toSorted().join() &&
    decoder.norm === "group";
  if (!same) return undefined;
  const kinds = (kind: string): readonly string[] => widths.map((_, i) => (attentionLevels.includes(i) ? `Attn${kind}` : kind));
  return {
    _class_name: "AutoencoderKL",
    act_fn: "silu",
    block_out_channels: widths,
    down_block_types: kinds("DownEncoderBlock2D"),
    in_channels: imageChannels,
    latent_channels: latentChannels,
    layers_per_block: blocks,
    ...(attention ? {} : { mid_block_add_attention: false }),
    norm_num_groups: 32,
    out_channels: imageChannels,
    sample_size: 256,
    scaling_factor: 0.18215,
    up_block_types: kinds("UpDecoderBlock2D").toReversed(),
    use_post_quant_conv: pointwise,
    use_quant_conv: pointwise,
    ...options.diffusers,
  };
}
