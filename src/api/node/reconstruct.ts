import { statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { counted } from "../../errors/counted.ts";
import { UserError, type Note, type Report } from "../../errors/index.ts";
import { pause } from "../../errors/pause.ts";
import type { Fit } from "../../onnxruntime/image.ts";
import type { Reconstructed } from "../../onnxruntime/reconstruct.ts";
import type { PixelOptions } from "../../recipe/pixels.ts";
import type { Reconstruction } from "../../report/reconstruction.ts";
import { progressOf, type Working } from "../working.ts";

export interface ReconstructOptions extends Working {
  /** How an image gets a size that the model takes; "pad" by default. */
  readonly fit?: Fit | undefined;
  /** Side in pixels of the tiles that parts run in which give the same in them; whole images by default. */
  readonly tile?: number | undefined;
  /** Whether other parts run in tiles too, which are blended and give something else; false by default. */
  readonly blend?: boolean | undefined;
  /** What samples mean, where it is not what config.json says. */
  readonly pixels?: PixelOptions | undefined;
}

/** What became of images. */
export interface Reconstructions {
  /** Of every image that could be used: what `litevae run --format json` prints. */
  readonly images: readonly Reconstruction[];
  /** Those of several that could not be used, and why. */
  readonly unusable: readonly { readonly image: string; readonly errors: readonly Report[] }[];
  readonly notes: readonly Note[];
}

/** An image, and the folder of its files in the output: "" where it is the only one. */
interface ChosenImage {
  readonly path: string;
  readonly place: string;
}

/**
 * Encodes and decodes images with the graphs of a compiled folder, and writes what comes out into `output`: of several images, or of those of folders, in a
 * folder for each. Rejects with UserError where the compiled folder is not whole, where there is no image, or where the only one cannot be used.
 */
export async function reconstruct(
  folder: string,
  images: readonly string[],
  output: string,
  options: ReconstructOptions = {},
): Promise<Reconstructions> {
  const { fit = "pad", tile, blend = false, pixels = {}, signal } = options;
  const { openReconstruct } = await import("../../onnxruntime/reconstruct.ts");
  const progress = progressOf(options);
  const chosen = await imagesOf(images);
  const through = openReconstruct({ folder, fit, pixels, tile, blend, progress });
  const [done, unusable]: [Reconstructed[], { image: string; errors: readonly Report[] }[]] = [[], []];
  for (const { path, place } of chosen) {
    await pause(signal);
    if (place !== "") progress(path);
    try {
      done.push(await through(path, place === "" ? output : join(output, place)));
    } catch (error) {
      // One image of several that cannot be used keeps no other from its turn.
      if (place === "" || !(error instanceof UserError)) throw error;
      unusable.push({ image: path, errors: error.reports });
    }
  }
  return { images: done.map(({ result }) => result), unusable, notes: notesOf(done, chosen) };
}

/** Throws UserError where an image could not be used, with what was wrong with each. */
export function requireReconstructed({ images, unusable }: Pick<Reconstructions, "images" | "unusable">): void {
  if (unusable.length === 0) return;
  throw new UserError(...unusable.flatMap(({ errors }) => errors), {
    what: `${unusable.length} of ${counted(images.length + unusable.length, "image")} could not be used`,
    found: unusable.map(({ image }) => image).join(", "),
    help: "what is wrong with each stands above; the others are written",
  });
}

/** What is said once of all images, and what of each. */
function notesOf(done: readonly Reconstructed[], chosen: readonly ChosenImage[]): readonly Note[] {
  const departures = new Set(done.flatMap(({ departure }) => departure ?? []));
  const named = chosen.some(({ place }) => place !== "");
  return [
    ...[...departures].map((what) => ({ what })),
    ...done.flatMap(({ result, warning }): readonly Note[] =>
      warning === undefined ? [] : [{ severity: "warning", what: named ? `${result.image}: ${warning}` : warning }],
    ),
    ...(done.some(({ untrained }) => untrained)
      ? [{ what: "the weights are untrained: the reconstruction is noise", help: "compile with --weights for a trained model" }]
      : []),
  ];
}

/** The images that paths of files and folders mean. Each of several has a folder called after it; of one name with two endings these stay. */
async function imagesOf(given: readonly string[]): Promise<readonly ChosenImage[]> {
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const [only = ""] = given;
  if (given.length === 1 && !isFolder(only)) return [{ path: only, place: "" }];
  const { listImages } = await import("../../images/listing.ts");
  const shards = "unpack them, or evaluate with the PyTorch package: python -m PACKAGE.evaluate --onnx DIR";
  const found = given.flatMap((path) =>
    isFolder(path)
      ? listImages(path, shards).names.map((name) => ({ path: join(path, name), name }))
      : [{ path, name: basename(path) }],
  );
  const stem = (name: string): string => name.slice(0, name.length - extname(name).length);
  const placed = found.map(({ path, name }) => {
    const alike = found.filter((other) => stem(other.name) === stem(name));
    return { path, place: alike.length === 1 ? stem(name) : name };
  });
  const twice = placed.find(({ place }, i) => placed.findIndex((other) => other.place === place) !== i);
  if (twice === undefined) return placed;
  const same = placed.filter(({ place }) => place === twice.place).map(({ path }) => path);
  throw new UserError({
    what: `${counted(same.length, "image")} would be written into one folder, ${twice.place}`,
    found: same.join(", "),
    help: "give the folder that they are below, or run them apart",
  });
}
