import sharp from "sharp";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../artifact/make-folder.ts";
import { counted } from "../errors/counted.ts";
import { UserError } from "../errors/index.ts";
import { openImage, type PlanarImage } from "../images/open.ts";
import { ImageError } from "../images/samples.ts";
import { middle, raisedSide, type PlaneSize } from "../ir/planes.mts";
import type { FittingSizes, Sizes } from "../ir/size.ts";
import type { PixelRule } from "../recipe/pixels.ts";

export type Fit = "pad" | "crop";

export interface FittedImage extends PlanarImage {
  /** The image in its file, upright. */
  readonly stored: PlaneSize;
  /** Where the original image lies: with `pad` smaller than the whole, with `crop` all of it. */
  readonly original: PlaneSize;
}

/**
 * Reads an image (`src/images`), brought to a size that fits. Of a side longer than `limit` the middle is taken; what `pad` adds repeats the last
 * row and column.
 */
export async function readImage(
  path: string,
  channels: number,
  rule: PixelRule,
  fit: Fit,
  sizes: Sizes,
  limit = Infinity,
): Promise<FittedImage> {
  const image = await opened(path, channels, rule);
  const [height, width] = [Math.min(image.height, limit), Math.min(image.width, limit)];
  const target = {
    height: fittedSide(height, sizes.height, fit, path, "height"),
    width: fittedSide(width, sizes.width, fit, path, "width"),
  };
  const original = fit === "pad" ? { height, width } : target;
  return { ...middle(image, original, target), stored: { height: image.height, width: image.width }, original };
}

async function opened(path: string, channels: number, rule: PixelRule): Promise<PlanarImage> {
  try {
    return await openImage(path, channels, rule);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const { message, help } = error;
    throw new UserError({
      what: `cannot read the image ${path}`,
      expected: `an image of ${counted(channels, "channel")} in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file`,
      found: message,
      help,
    });
  }
}

/** The nearest side that fits: not below the given one with `pad`, not above it with `crop`. */
function fittedSide(side: number, { minimum, step }: FittingSizes, fit: Fit, path: string, what: string): number {
  const lowered = step === Infinity ? minimum : minimum + step * Math.max(0, Math.floor((side - minimum) / step));
  const fitted = fit === "pad" ? raisedSide(side, { minimum, step }) : lowered;
  if (fitted !== undefined && (fit === "pad" || fitted <= side)) return fitted;
  const [large, least] = fit === "pad" ? (["large", "most"] as const) : (["small", "least"] as const);
  throw new UserError({
    what: `${path} is too ${large} to ${fit}`,
    expected: `a ${what} of at ${least} ${minimum}`,
    found: `${side}`,
    help: fit === "pad" ? "use --fit crop, or compile without --fixed" : "use --fit pad, or a larger image",
  });
}

/** Writes an image of 1 or 3 channels as PNG into a folder that is there, values outside [-1, 1] clamped; `zoom` repeats every pixel. */
export async function writeImage(image: PlanarImage, folder: string, name: string, zoom = 1): Promise<string> {
  const { channels, height, width, data } = image;
  const area = height * width;
  const pixels = new Uint8Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) {
      const value = data[channel * area + i] as number;
      pixels[i * channels + channel] = Math.round((Math.min(1, Math.max(-1, value)) + 1) * 127.5);
    }
  }
  const path = join(folder, name);
  try {
    await sharp(pixels, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
      .resize(width * zoom, height * zoom, { kernel: "nearest" })
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .png()
      .toFile(path);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return path;
}

/** Makes a folder and finds out whether files of these names can be written there. */
export function prepareOutput(folder: string, names: readonly string[]): void {
  let path = folder;
  try {
    makeFolder(folder);
    for (const name of names) {
      path = join(folder, name);
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error("a folder of that name");
      writeFileSync(`${path}.partial`, "");
      rmSync(`${path}.partial`);
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Of libvips' messages the first line says what is wrong. */
export function cannotWrite(path: string, error: unknown): UserError {
  const [found] = (error as Error).message.split("\n");
  return new UserError({ what: `cannot write ${path}`, found, help: "give -o a folder that can be written and has room" });
}

export function statistics(values: Float32Array): {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
} {
  let [sum, squares, min, max] = [0, 0, Infinity, -Infinity];
  for (const value of values) {
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, std: Math.sqrt(squares / values.length), min, max };
}
