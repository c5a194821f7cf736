/** Models from the config.json that diffusers writes: each class that it has and we have too, by its name. */
import { must } from "../../src/errors/must.ts";
import type { Model } from "../../src/ir/model.ts";
import { asymmetricKl, asymmetricMultipliers } from "./asymmetric-kl.ts";
import { dcAe, type DcEncoderOptions } from "./dc-ae.ts";
import {
  alikeAt,
  choiceOf,
  countsOf,
  everyLevel,
  expectSettings,
  flagOf,
  levelsOf,
  numberOf,
  Unsupported,
  widthsOf,
  type DiffusersConfig,
} from "./diffusers-settings.ts";
import { flux2Multipliers, flux2Vae } from "./flux2.ts";
import { sdVae } from "./sd-vae.ts";
import { taesd } from "./taesd.ts";

type Family = (name: string, config: DiffusersConfig) => Model;

export const diffusersFamilies: Readonly<Record<string, Family>> = {
  AsymmetricAutoencoderKL: asymmetricAutoencoderKl,
  AutoencoderDC: autoencoderDc,
  AutoencoderKL: autoencoderKl,
  AutoencoderKLFlux2: autoencoderKlFlux2,
  AutoencoderTiny: autoencoderTiny,
};

/** Settings that diffusers leaves out have its own defaults. */
function autoencoderKl(name: string, config: DiffusersConfig): Model {
  expectSettings(config, { act_fn: "silu", norm_num_groups: 32 });
  const imageChannels = numberOf(config, "in_channels", 3);
  expectSettings(config, { out_channels: imageChannels });
  const pointwise = flagOf(config, "use_quant_conv", true);
  if (flagOf(config, "use_post_quant_conv", true) !== pointwise)
    throw new Unsupported("use_post_quant_conv", `${pointwise}, as use_quant_conv is`, !pointwise);
  const widths = widthsOf(config, "block_out_channels");
  const base = must(widths[0], "the width of the first level");
  const levels = widths.length;
  const down = levelsOf(config, "down_block_types", levels, ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"]);
  const up = levelsOf(config, "up_block_types", levels, ["UpDecoderBlock2D", "AttnUpDecoderBlock2D"]);
  if (
    down.join() !==
    up
      .map((level) => levels - 1 - level)
      .toReversed()
      .join()
  )
    throw new Unsupported("up_block_types", "attention at the levels of down_block_types", config["up_block_types"]);
  return sdVae({
    name,
    imageChannels,
    latentChannels: numberOf(config, "latent_channels", 4),
    base,
    multipliers: widths.map((width) => width / base),
    blocks: numberOf(config, "layers_per_block", 1),
    attention: flagOf(config, "mid_block_add_attention", true),
    attentionLevels: down,
    pointwise,
    diffusers: {
      scaling_factor: numberOf(config, "scaling_factor", 0.18215),
      ...(typeof config["shift_factor"] === "number" ? { shift_factor: config["shift_factor"] } : {}),
      force_upcast: flagOf(config, "force_upcast", true),
      sample_size: numberOf(config, "sample_size", 32),
    },
  });
}

/** Of the decoders that diffusers builds, its condition fits those of four levels, each as wide as what the condition gives there. */
function asymmetricAutoencoderKl(name: string, config: DiffusersConfig): Model {
  expectSettings(config, { act_fn: "silu", norm_num_groups: 32 });
  const imageChannels = numberOf(config, "in_channels", 3);
  expectSettings(config, { out_channels: imageChannels });
  const widths = widthsOf(config, "down_block_out_channels");
  const decoderWidths = widthsOf(config, "up_block_out_channels");
  const base = must(decoderWidths[0], "the width of the first level");
  const wanted = asymmetricMultipliers.map((multiplier) => multiplier * base);
  if (widths.length !== wanted.length) throw new Unsupported("down_block_out_channels", "four widths", widths);
  if (decoderWidths.join() !== wanted.join())
    throw new Unsupported("up_block_out_channels", JSON.stringify(wanted), decoderWidths);
  for (const [setting, kind] of [
    ["down_block_types", "DownEncoderBlock2D"],
    ["up_block_types", "UpDecoderBlock2D"],
  ] as const)
    levelsOf(config, setting, widths.length, [kind, kind]);
  return asymmetricKl({
    name,
    imageChannels,
    latentChannels: numberOf(config, "latent_channels", 4),
    widths,
    blocks: numberOf(config, "layers_per_down_block", 1),
    decoder: { base, blocks: numberOf(config, "layers_per_up_block", 1) + 1 },
    diffusers: {
      scaling_factor: numberOf(config, "scaling_factor", 0.18215),
      sample_size: numberOf(config, "sample_size", 32),
    },
  });
}

/** Of FLUX.2, also with the small decoder: what it publishes differs in the decoder's widths alone. */
function autoencoderKlFlux2(name: string, config: DiffusersConfig): Model {
  const { patch_size = [2, 2] } = config;
  if (JSON.stringify(patch_size) !== "[2,2]") throw new Unsupported("patch_size", "[2,2]", patch_size);
  expectSettings(config, { act_fn: "silu", norm_num_groups: 32, layers_per_block: 2, mid_block_add_attention: true });
  expectSettings(config, { use_quant_conv: true, use_post_quant_conv: true, batch_norm_eps: 1e-4, batch_norm_momentum: 0.1 });
  const imageChannels = numberOf(config, "in_channels", 3);
  expectSettings(config, { out_channels: imageChannels });
  const baseOf = (setting: string): number => {
    const widths = widthsOf(config, setting);
    const base = must(widths[0], "the width of the first level");
    const wanted = flux2Multipliers.map((multiplier) => multiplier * base);
    if (widths.join() !== wanted.join()) throw new Unsupported(setting, JSON.stringify(wanted), widths);
    return base;
  };
  const base = baseOf("block_out_channels");
  return flux2Vae({
    name,
    imageChannels,
    latentChannels: numberOf(config, "latent_channels", 32),
    base,
    decoder: { base: (config["decoder_block_out_channels"] ?? null) === null ? base : baseOf("decoder_block_out_channels") },
    diffusers: {
      force_upcast: flagOf(config, "force_upcast", true),
      sample_size: numberOf(config, "sample_size", 1024),
    },
  });
}

function autoencoderTiny(name: string, config: DiffusersConfig): Model {
  expectSettings(config, { act_fn: "relu", upsample_fn: "nearest", upsampling_scaling_factor: 2 });
  // What previews scale latents by: part of the config that is written, not of the layers.
  expectSettings(config, { latent_magnitude: 3, latent_shift: 0.5 });
  const imageChannels = numberOf(config, "in_channels", 3);
  expectSettings(config, { out_channels: imageChannels });
  const widths = [...widthsOf(config, "encoder_block_out_channels"), ...widthsOf(config, "decoder_block_out_channels")];
  const channels = must(widths[0], "the width of the first level");
  const other = widths.find((width) => width !== channels);
  if (other !== undefined) throw new Unsupported("decoder_block_out_channels", `${channels} at every level`, widths);
  return taesd({
    name,
    imageChannels,
    latentChannels: numberOf(config, "latent_channels", 4),
    channels,
    encoderBlocks: widthsOf(config, "num_encoder_blocks"),
    decoderBlocks: widthsOf(config, "num_decoder_blocks"),
  });
}

/** What settings of AutoencoderDC are where they are left out. */
const dcDefaults: DiffusersConfig = {
  ...dcPartDefaults("encoder", [2, 2, 2, 3, 3, 3]),
  ...dcPartDefaults("decoder", [3, 3, 3, 3, 3, 3]),
  downsample_block_type: "pixel_unshuffle",
  upsample_block_type: "pixel_shuffle",
  decoder_norm_types: "rms_norm",
  decoder_act_fns: "silu",
  decoder_conv_act_fn: "relu",
};

function dcPartDefaults(part: string, layers: readonly number[]): DiffusersConfig {
  return {
    [`${part}_block_types`]: "ResBlock",
    [`${part}_block_out_channels`]: [128, 256, 512, 512, 1024, 1024],
    [`${part}_layers_per_block`]: layers,
    [`${part}_qkv_multiscales`]: [[], [], [], [5], [5], [5]],
  };
}

const dcDownsampling = { pixel_unshuffle: "pixelUnshuffle", conv: "conv", Conv: "conv" } as const;
const dcUpsampling = { pixel_shuffle: "pixelShuffle", interpolate: "interpolate" } as const;
const dcNorms = { rms_norm: "rms", batch_norm: "batch" } as const;
const dcActivations = { relu: "relu", silu: "silu" } as const;

function autoencoderDc(name: string, config: DiffusersConfig): Model {
  const given = { ...dcDefaults, ...config };
  const encoder = dcLevels(given, "encoder", "encoder_out_shortcut");
  const decoder = dcLevels(given, "decoder", "decoder_in_shortcut");
  const levels = decoder.widths.length;
  const residual = decoder.widths.flatMap((_, level) => (decoder.attentionLevels.includes(level) ? [] : [level]));
  const ofResidual = (setting: string): unknown => alikeAt(given, setting, levels, residual);
  if (decoder.attentionLevels.length > 0) {
    const norm = alikeAt(given, "decoder_norm_types", levels, decoder.attentionLevels);
    choiceOf("decoder_norm_types", norm, { rms_norm: "rms" });
  }
  return dcAe({
    name,
    imageChannels: numberOf(config, "in_channels", 3),
    latentChannels: numberOf(config, "latent_channels", 32),
    headSize: numberOf(config, "attention_head_dim", 32),
    encoder: {
      ...encoder,
      downsample: choiceOf("downsample_block_type", given["downsample_block_type"], dcDownsampling),
    },
    decoder: {
      ...decoder,
      upsample: choiceOf("upsample_block_type", given["upsample_block_type"], dcUpsampling),
      norm: choiceOf("decoder_norm_types", ofResidual("decoder_norm_types"), dcNorms),
      activation: choiceOf("decoder_act_fns", ofResidual("decoder_act_fns"), dcActivations),
      outActivation: choiceOf("decoder_conv_act_fn", given["decoder_conv_act_fn"], dcActivations),
    },
    diffusers: { scaling_factor: numberOf(config, "scaling_factor", 1) },
  });
}

/** What encoder and decoder have alike. */
function dcLevels(given: DiffusersConfig, part: string, shortcut: string): Omit<Required<DcEncoderOptions>, "downsample"> {
  const setting = (name: string): string => `${part}_${name}`;
  const widths = widthsOf(given, setting("block_out_channels"));
  const levels = widths.length;
  const blocks = setting("layers_per_block");
  const scales = setting("qkv_multiscales");
  const attentionLevels = levelsOf(given, setting("block_types"), levels, ["ResBlock", "EfficientViTBlock"]);
  const kernels = attentionLevels.length === 0 ? [] : alikeAt(given, scales, levels, attentionLevels);
  return {
    widths,
    blocks: countsOf(blocks, everyLevel(given, blocks, levels), "blocks of the levels, where the first alone may be 0", 0),
    attentionLevels,
    kernels: countsOf(scales, kernels, "sides of neighbourhoods"),
    shortcut: flagOf(given, shortcut, true),
  };
}
