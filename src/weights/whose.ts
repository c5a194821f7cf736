/** Whose weights lie beside a config.json: what it says of its model, against the model that is to take them. */
import { UserError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";
import { carriedSettings, flatConfig, isDiffusers, type Settings } from "./settings.ts";

/** Settings of diffusers' that are the weights', or that tensors show. */
const ofWeights: readonly string[] = [
  ...carriedSettings,
  "scaling_factor",
  "shift_factor",
  "latents_mean",
  "latents_std",
  "use_quant_conv",
  "use_post_quant_conv",
];

/** UserError where config.json, `name`, contradicts the model; tensors of the same names and shapes may be of another all the same. */
export function requireOfModel(name: string, config: Settings, model: Model): void {
  const settings = flatConfig(config);
  const facts = { image_channels: model.imageChannels, latent_channels: model.latentChannels, stride: model.stride };
  const diffusers = isDiffusers(config) ? (model.interchange?.diffusers ?? {}) : {};
  const architecture = Object.entries(diffusers).filter(([key]) => !ofWeights.includes(key));
  const wrong = [...contradictions(settings, Object.entries(facts)), ...contradictions(config, architecture)];
  const [first] = wrong;
  if (first === undefined) return;
  throw new UserError({
    what: `${name}, beside the weights, is of another model than ${model.name}`,
    expected: wrong.map(({ key, wanted }) => `${key}: ${JSON.stringify(wanted)}`).join(", "),
    found: wrong.map(({ key, found }) => `${key}: ${JSON.stringify(found)}`).join(", "),
    help: "give weights of this model, or the model that these are of; weights whose config.json is wrong go into a folder without it",
  });
}

interface Contradiction {
  readonly key: string;
  readonly wanted: unknown;
  readonly found: unknown;
}

function contradictions(settings: Settings, wanted: readonly (readonly [string, unknown])[]): readonly Contradiction[] {
  return wanted
    .map(([key, value]) => ({ key, wanted: value, found: settings[key] ?? undefined }))
    .filter((each) => each.wanted !== undefined && each.found !== undefined && !saysTheSame(each.found, each.wanted));
}

/** One text for all levels is a list of it. */
function saysTheSame(found: unknown, wanted: unknown): boolean {
  if (typeof found === "string" && Array.isArray(wanted)) return wanted.every((each) => each === found);
  return JSON.stringify(found) === JSON.stringify(wanted);
}
