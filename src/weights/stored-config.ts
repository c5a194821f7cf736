/** config.json beside a file of weights, as a run, `compile`, `save_pretrained` or diffusers leave it: what there is to know of its images and latents. */
import { UserError } from "../errors/index.ts";
import { unmeasured, type LatentStatistics } from "../ir/latents.ts";
import type { Model } from "../ir/model.ts";
import { pixelContradiction, pixelSchema, type PixelRule } from "../recipe/pixels.ts";
import { carriedSettings, type CarriedSettings, flatConfig, isDiffusers, isSettings, type Settings } from "./settings.ts";
import { requireOfModel } from "./whose.ts";

export interface StoredConfig {
  readonly latents?: LatentStatistics;
  /** What the pixels meant that it was trained on. */
  readonly pixels?: PixelRule;
  /** Settings of diffusers' that belong to the weights and not to the architecture. */
  readonly carried: CarriedSettings;
}

/** Reads a parsed config.json; `name` is its path, for messages. Throws UserError where its numbers are none, or are not this model's. */
export function readStoredConfig(name: string, config: unknown, model: Model): StoredConfig {
  if (!isSettings(config)) throw damaged(name, "an object", JSON.stringify(config));
  requireOfModel(name, config, model);
  const settings = flatConfig(config);
  const carried = carriedSettings.flatMap((key) => {
    const value = settings[key];
    return typeof value === "boolean" || typeof value === "number" ? [[key, value] as const] : [];
  });
  const latents = readLatents(name, config, model);
  const pixels = readPixels(name, settings["pixels"]);
  return {
    ...(latents === undefined ? {} : { latents }),
    ...(pixels === undefined ? {} : { pixels }),
    carried: Object.fromEntries(carried),
  };
}

function readLatents(name: string, config: Settings, model: Model): LatentStatistics | undefined {
  const settings = flatConfig(config);
  const scaling = numberIn(name, settings, "scaling_factor");
  const { latentChannels } = model;
  if (scaling === undefined || latentChannels === undefined) return undefined;
  if (scaling === 0) throw damaged(name, "scaling_factor other than 0", "0");
  const mean = listIn(name, settings, "latents_mean", latentChannels);
  const std = listIn(name, settings, "latents_std", latentChannels);
  if ((mean === undefined) !== (std === undefined))
    throw damaged(
      name,
      "latents_mean and latents_std, or neither",
      mean === undefined ? "latents_std alone" : "latents_mean alone",
    );
  const shift = numberIn(name, settings, "shift_factor") ?? 0;
  // What is written of latents that nobody measured says nothing of these.
  if (scaling === unmeasured.scaling_factor && shift === unmeasured.shift_factor && mean === undefined) return undefined;
  const images = numberIn(name, settings, "latent_images");
  // Diffusers' pipelines normalise by the channels' numbers where they stand beside its own settings.
  const active = settings["normalization"] === "channel" || (isDiffusers(config) && isList(config["latents_mean"]));
  return {
    scaling_factor: scaling,
    shift_factor: shift,
    ...(mean === undefined || std === undefined ? {} : { latents_mean: mean, latents_std: std }),
    ...(images === undefined ? {} : { latent_images: images }),
    ...(active ? { normalization: "channel" } : {}),
  };
}

function readPixels(name: string, found: unknown): PixelRule | undefined {
  if (found === undefined || found === null) return undefined;
  const { success, data } = pixelSchema.safeParse(found);
  if (success && pixelContradiction(data) === undefined) return data;
  throw new UserError({
    what: `${name}, beside the weights, does not say what the pixels meant that they were trained on`,
    expected: `pixels: ${JSON.stringify(pixelSchema.parse({}))}, or other values`,
    found: JSON.stringify(found),
    help: "take it from where the weights were saved, or put it right",
  });
}

function numberIn(name: string, settings: Settings, key: string): number | undefined {
  const value = settings[key] ?? undefined;
  if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
  throw damaged(name, `${key}: a finite number`, JSON.stringify(value));
}

function listIn(name: string, settings: Settings, key: string, length: number): readonly number[] | undefined {
  const value = settings[key] ?? undefined;
  if (value === undefined) return undefined;
  if (isList(value) && value.length === length && value.every((each) => typeof each === "number" && Number.isFinite(each)))
    return value as readonly number[];
  throw damaged(name, `${key}: ${length} finite numbers, one a latent channel`, JSON.stringify(value));
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function damaged(name: string, expected: string, found: string): UserError {
  return new UserError({
    what: `${name}, beside the weights, does not say how their latents are spread`,
    expected,
    found,
    help: "take it from where the weights were saved, put it right, or move it away to compile without these numbers",
  });
}
