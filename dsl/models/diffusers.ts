/** Models from the config.json that diffusers writes: each class that it has and we have too, by its name. */
import { must } from "../../src/errors/must.ts";
import type { Model } from "../../src/ir/model.ts";
import { sdVae } from "./sd-vae.ts";
import { taesd } from "./taesd.ts";

export type DiffusersConfig = Readonly<Record<string, unknown>>;

/** Why a configuration has no model here: a setting, what it may be, and what it is. */
export class Unsupported extends Error {
  readonly expected: string;
  readonly found: string;

  constructor(setting: string, expected: string, found: unknown) {
    super(setting);
    this.expected = `${setting}: ${expected}`;
    this.found = `${setting}: ${JSON.stringify(found)}`;
  }
}

type Family = (name: string, config: DiffusersConfig) => Model;

export const diffusersFamilies: Readonly<Record<string, Family>> = {
  AutoencoderKL: autoencoderKl,
  AutoencoderTiny: autoencoderTiny,
};

/** What a setting must be where the layers are always the same. */
function expectSettings(config: DiffusersConfig, wanted: Readonly<Record<string, unknown>>): void {
  for (const [setting, value] of Object.entries(wanted)) {
    const found = config[setting] ?? value;
    if (found !== value) throw new Unsupported(setting, JSON.stringify(value), found);
  }
}

function numberOf(config: DiffusersConfig, setting: string, otherwise: number): number {
  const found = config[setting] ?? otherwise;
  if (typeof found !== "number") throw new Unsupported(setting, "a number", found);
  return found;
}

function flagOf(config: DiffusersConfig, setting: string, otherwise: boolean): boolean {
  const found = config[setting] ?? otherwise;
  if (typeof found !== "boolean") throw new Unsupported(setting, "true or false", found);
  return found;
}

/** The levels whose block is the second of these kinds, of as many as there are widths. */
function levelsOf(config: DiffusersConfig, setting: string, count: number, kinds: readonly [string, string]): readonly number[] {
  const found = config[setting];
  if (!Array.isArray(found) || found.length !== count) throw new Unsupported(setting, `${count} kinds of blocks`, found);
  const other: unknown = found.find((kind) => !kinds.includes(kind as string));
  if (other !== undefined) throw new Unsupported(setting, kinds.join(" or "), other);
  return found.flatMap((kind, level) => (kind === kinds[1] ? [level] : []));
}

function widthsOf(config: DiffusersConfig, setting: string): readonly number[] {
  const found = config[setting];
  if (Array.isArray(found) && found.length > 0 && found.every((width) => Number.isInteger(width) && width > 0))
    return found as readonly number[];
  throw new Unsupported(setting, "widths of the levels", found);
}

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
