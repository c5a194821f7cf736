/** config.json: what whoever runs the graphs has to know of the model. */
import { UserError } from "../errors/index.ts";
import { isUsual, wiringOf, type Wiring } from "../ir/autoencoder.ts";
import { formatDim } from "../ir/dim.ts";
import type { Model, Part } from "../ir/model.ts";
import { fittingSizes, type FittingSizes, type Sizes } from "../ir/size.ts";
import { placeOf, type Source } from "../ir/source.ts";
import { stepsOf } from "../ir/walk.ts";

export interface Config {
  readonly model: string;
  readonly image_channels: number;
  readonly latent_channels: number;
  readonly stride: number;
  /** The image sides that the parts accept that inference runs: minimum, minimum + step, … */
  readonly sizes: Sizes;
  /** Those that a part which only training runs accepts as well, where it was compiled. */
  readonly [sizesWith: `sizes_with_${string}`]: Sizes | undefined;
  /** How graphs go together, where that is not as usual: an image's mean is what the decoder decodes. */
  readonly wiring?: Wiring;
  readonly scaling_factor: number;
  readonly shift_factor: number;
}

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

export function configOf(model: Model, parts: readonly Part[]): Config {
  const inference = parts.filter(({ trainingOnly }) => trainingOnly !== true);
  const withEach = parts
    .filter((part) => !inference.includes(part))
    .map((part) => [sizesWith(part.name), sizesOf(model, [...inference, part])] as const);
  const wiring = wiringOf(model);
  return {
    model: model.name,
    image_channels: model.imageChannels,
    latent_channels: model.latentChannels,
    stride: model.stride,
    // A discriminator often needs a coarser grid, which is no reason for the others to.
    sizes: sizesOf(model, inference.length === 0 ? parts : inference),
    ...Object.fromEntries(withEach),
    ...(isUsual(wiring) ? {} : { wiring }),
    scaling_factor: 1,
    shift_factor: 0,
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
