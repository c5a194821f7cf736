/** config.json: what whoever runs the graphs has to know of the model. */
import { UserError } from "../errors/index.ts";
import { isUsual, wiringOf, type Wiring } from "../ir/autoencoder.ts";
import { formatDim } from "../ir/dim.ts";
import { unmeasured, type LatentStatistics } from "../ir/latents.ts";
import type { Interchange, Model, Part } from "../ir/model.ts";
import { reachesOf, type PartReach } from "../ir/receptive-field.ts";
import { fittingSizes, type FittingSizes, type Sizes } from "../ir/size.ts";
import { placeOf, type Source } from "../ir/source.ts";
import { stepsOf } from "../ir/walk.ts";
import { ownSettings, type CarriedSettings } from "../weights/settings.ts";
import type { StoredConfig } from "../weights/stored-config.ts";

/** The two numbers that normalise latents, which diffusers' classes know. */
type Factors = "scaling_factor" | "shift_factor";

/** What no class of diffusers' knows. */
export interface OwnSettings extends Partial<Omit<LatentStatistics, Factors>>, Pick<StoredConfig, "pixels"> {
  /** Its name. */
  readonly model: string;
  /** Absent, as the next two and how latents are spread, where the model has no such thing. */
  readonly image_channels?: number | undefined;
  /** Of the latent. */
  readonly latent_channels?: number | undefined;
  /** How many times smaller a latent is than its image, along each side. */
  readonly stride?: number | undefined;
  /** The image sides that the parts accept that inference runs: minimum, minimum + step, …; `sizes_with_PART` with one that only training runs. */
  readonly sizes: Sizes;
  /** Those that a part which only training runs accepts as well, where it was compiled. */
  readonly [sizesWith: `sizes_with_${string}`]: Sizes | undefined;
  /** How far each part looks that tiles may be cut of. */
  readonly reach?: Readonly<Record<string, PartReach>>;
  /** How graphs go together, where that is not as usual: an image's mean is what the decoder decodes. */
  readonly wiring?: Wiring;
}

export interface Config extends OwnSettings, Partial<Pick<LatentStatistics, Factors>> {}

/** config.json: ours, or in diffusers' layout where a class of its own opens the folder. */
export type ConfigFile = OwnConfig | DiffusersConfig;

export interface OwnConfig extends Config, CarriedSettings {}

/** What diffusers' class reads, and beside it what is ours. */
export interface DiffusersConfig extends CarriedSettings, AsFarAsKnown {
  /** Diffusers' class. */
  readonly _class_name: string;
  /** What that class does not know. */
  readonly _litevae: OwnSettings;
  /** The architecture, in diffusers' words. */
  readonly [setting: string]: unknown;
}

type AsFarAsKnown = { readonly [key in keyof LatentStatistics]?: LatentStatistics[key] | undefined };

function sizesWith(part: string): `sizes_with_${string}` {
  return `sizes_with_${part}`;
}

/** Whether inference runs a part of a compiled folder. */
export function isInference(config: Config, part: string): boolean {
  return config[sizesWith(part)] === undefined;
}

/** What each of these parts asks of an image's size. */
export function sizesOfParts(config: Config, parts: readonly string[]): readonly Sizes[] {
  return [...new Set(parts.map((part) => config[sizesWith(part)] ?? config.sizes))];
}

/** What `weights` bring: what pixels meant, the spread of their latents, and settings of diffusers' that go with them. */
export interface WeightsSettings extends Pick<StoredConfig, "pixels"> {
  readonly latents: LatentStatistics | undefined;
  readonly carried: StoredConfig["carried"];
}

/** The text of config.json: in diffusers' layout where a class of its own opens the folder, with what that class does not know under a key that it passes over. */
export function configText(model: Model, parts: readonly Part[], { latents, pixels, carried }: WeightsSettings): string {
  const config: Config = { ...configOf(model, parts, latents), ...(pixels === undefined ? {} : { pixels }) };
  const diffusers = diffusersOf(model, parts);
  if (diffusers === undefined) return json({ ...config, ...carried } satisfies OwnConfig);
  const { scaling_factor, shift_factor, latents_mean, latents_std, ...own } = config;
  // Diffusers' pipelines apply whatever stands here: the channels' numbers beside the two factors would scale twice.
  const channels = { latents_mean, latents_std };
  const active = config.normalization === "channel";
  return json({
    ...diffusers,
    ...carried,
    scaling_factor,
    // Not every class knows a shift, and none is what 0 is.
    ...(shift_factor === 0 && !("shift_factor" in diffusers) ? {} : { shift_factor }),
    ...(active ? channels : {}),
    [ownSettings]: { ...own, ...(active ? {} : channels) },
  });
}

/** Diffusers' configuration of a folder with these parts; undefined where no class of its own opens it. */
export function diffusersOf(model: Model, parts: readonly Part[]): Interchange["diffusers"] {
  const whole = model.parts.filter(({ trainingOnly }) => trainingOnly !== true).every((part) => parts.includes(part));
  return whole ? model.interchange?.diffusers : undefined;
}

function json(value: ConfigFile): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function configOf(model: Model, parts: readonly Part[], latents: LatentStatistics | undefined): Config {
  const inference = parts.filter(({ trainingOnly }) => trainingOnly !== true);
  const withEach = parts
    .filter((part) => !inference.includes(part))
    .map((part) => [sizesWith(part.name), sizesOf(model, [...inference, part])] as const);
  const [wiring, reach] = [wiringOf(model), reachesOf(inference)];
  return {
    model: model.name,
    image_channels: model.imageChannels,
    latent_channels: model.latentChannels,
    stride: model.stride,
    // A discriminator often needs a coarser grid, which is no reason for the others to.
    sizes: sizesOf(model, inference.length === 0 ? parts : inference),
    ...Object.fromEntries(withEach),
    ...(Object.keys(reach).length === 0 ? {} : { reach }),
    ...(isUsual(wiring) ? {} : { wiring }),
    ...(model.autoencoder === undefined ? {} : (latents ?? unmeasured)),
  };
}

/** The image sizes that all of these parts take; UserError where there is none up to 4096. */
export function sizesOf(model: Model, parts: readonly Part[]): Sizes {
  return { height: sizesAlong(model, parts, "H"), width: sizesAlong(model, parts, "W") };
}

function sizesAlong(model: Model, parts: readonly Part[], axis: "H" | "W"): FittingSizes {
  const sizes = fittingSizes(parts, axis);
  if (sizes !== undefined) return sizes;
  const divided = divisions(parts, axis);
  throw new UserError({
    what: `no image up to 4096 pixels fits ${model.name}`,
    where: divided.map(({ source }) => placeOf(source)).findLast((place) => place !== undefined),
    expected: `${[...new Set(divided.map(({ dim }) => dim))].join(" and ")} whole for one ${axis}`,
    found: divided.map(({ dim, module, op }) => `${dim} out of ${op} in ${module}`).join("\n"),
    help: "use the same strides on all branches, and padding that keeps sizes whole",
  });
}

/** The ops after which another fraction of the image's side appears: each of them asks that it is whole. */
function divisions(
  parts: readonly Part[],
  axis: "H" | "W",
): readonly { dim: string; module: string; op: string; source: Source }[] {
  const found = new Map<string, { dim: string; module: string; op: string; source: Source }>();
  for (const { node } of parts.flatMap(({ graph }) => [...stepsOf(graph)])) {
    for (const dim of node.outputs.flatMap((value) => value.shape)) {
      const text = formatDim(dim);
      if (dim.symbol !== axis || dim.den === 1 || found.has(text)) continue;
      found.set(text, { dim: text, module: node.layer?.path ?? node.scope, op: node.op.name, source: node.source });
    }
  }
  return [...found.values()];
}
