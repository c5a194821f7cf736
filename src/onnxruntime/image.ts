import sharp, { type OutputInfo } from "sharp";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../artifact/make-folder.ts";
import { UserError } from "../errors/index.ts";
import type { FittingSizes, Sizes } from "../ir/size.ts";

/** An image as the model sees it: planar float32 [channels, height, width] in [-1, 1]. */
export interface PlanarImage {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

export type Fit = "pad" | "crop";

export interface FittedImage extends PlanarImage {
  /** The image in its file, upright. */
  readonly stored: { readonly height: number; readonly width: number };
  /** Where the original image lies: with `pad` smaller than the whole, with `crop` all of it. */
  readonly original: { readonly height: number; readonly width: number };
}

/** Refuses models whose images are neither grey nor in colour; `help` says what to do instead. */
export function requireColours(channels: number, help: string): void {
  if (channels === 1 || channels === 3) return;
  throw new UserError({ what: `the model's images have ${channels} channels`, expected: "1 or 3, as photographs have", help });
}

/**
 * Reads any image that sharp reads, upright by its EXIF orientation, on white where it is transparent, brought to a size that fits. Of a side
 * longer than `limit` the middle is taken. For one channel colours become ITU-R 601 luma.
 */
export async function readImage(path: string, channels: number, fit: Fit, sizes: Sizes, limit = Infinity): Promise<FittedImage> {
  let decoded: { data: Buffer; info: OutputInfo };
  try {
    decoded = await sharp(path)
      .rotate()
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    throw new UserError({
      what: `cannot read the image ${path}`,
      expected: "a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file",
      found: (error as Error).message.split("\n")[0],
      help: "check the path, and that the file opens in a viewer",
    });
  }
  const stored = decoded.info;
  const [width, height] = [Math.min(stored.width, limit), Math.min(stored.height, limit)];
  const target = {
    height: fittedSide(height, sizes.height, fit, path, "height"),
    width: fittedSide(width, sizes.width, fit, path, "width"),
  };
  const raw = { width: stored.width, height: stored.height, channels: stored.channels };
  const middle = { left: (raw.width - width) >> 1, top: (raw.height - height) >> 1 };
  const image = sharp(decoded.data, { raw });
  const fitted =
    fit === "pad"
      ? image
          .extract({ ...middle, width, height })
          .extend({ right: target.width - width, bottom: target.height - height, extendWith: "copy" })
      : image.extract({ left: (stored.width - target.width) >> 1, top: (stored.height - target.height) >> 1, ...target });
  const pixels = await fitted.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const original = fit === "pad" ? { height, width } : target;
  const data =
    channels === 1 ? greyPlane(pixels.data, pixels.info.channels) : planar(pixels.data, pixels.info.channels, channels);
  return { channels, ...target, stored: { height: stored.height, width: stored.width }, original, data };
}

/** The nearest side that fits: not below the given one with `pad`, not above it with `crop`. */
function fittedSide(side: number, { minimum, step }: FittingSizes, fit: Fit, path: string, what: string): number {
  const steps = (side - minimum) / step;
  const fitted = minimum + step * Math.max(0, fit === "pad" ? Math.ceil(steps) : Math.floor(steps));
  if (fit === "pad" || fitted <= side) return fitted;
  throw new UserError({
    what: `${path} is too small to crop`,
    expected: `a ${what} of at least ${minimum}`,
    found: `${side}`,
    help: "use --fit pad, or a larger image",
  });
}

function planar(interleaved: Uint8Array, stored: number, channels: number): Float32Array {
  const area = interleaved.length / stored;
  const data = new Float32Array(channels * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) data[channel * area + i] = (interleaved[i * stored + channel] as number) / 127.5 - 1;
  }
  return data;
}

/**
 * ITU-R 601 luma, (299 R + 587 G + 114 B)/1000, in whole steps of 1/255 and in Pillow's arithmetic: training, calibration, `run` and client.ts
 * see the same grey. sharp's own grey is another: it is computed in linear light.
 */
function greyPlane(interleaved: Uint8Array, stored: number): Float32Array {
  const data = new Float32Array(interleaved.length / stored);
  const at = (i: number): number => interleaved[i] as number;
  for (let i = 0; i < data.length; i++) {
    const [red, green, blue] = [at(i * stored), at(i * stored + 1), at(i * stored + 2)];
    data[i] = Math.round((19595 * red + 38470 * green + 7471 * blue) / 65536) / 127.5 - 1;
  }
  return data;
}

/** The top left part of an image. */
export function cropped(image: PlanarImage, { height, width }: { readonly height: number; readonly width: number }): PlanarImage {
  const data = new Float32Array(image.channels * height * width);
  for (let channel = 0; channel < image.channels; channel++) {
    for (let y = 0; y < height; y++) {
      const from = (channel * image.height + y) * image.width;
      data.set(image.data.subarray(from, from + width), (channel * height + y) * width);
    }
  }
  return { channels: image.channels, height, width, data };
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

/** Peak signal-to-noise ratio in dB, both clamped to the image range (arXiv:2405.14477 §6; peak 1 on [0, 1]). Infinity for equal images. */
export function psnr(a: PlanarImage, b: PlanarImage): number {
  let sum = 0;
  const clamped = (value: number): number => Math.min(1, Math.max(-1, value));
  for (let i = 0; i < a.data.length; i++) sum += ((clamped(a.data[i] as number) - clamped(b.data[i] as number)) / 2) ** 2;
  return -10 * Math.log10(sum / a.data.length);
}

/** The first three channels of a latent (the first, if there are fewer), each scaled to its own range (arXiv:2405.14477 Fig. 2). */
export function latentView(latent: PlanarImage): PlanarImage {
  const channels = latent.channels >= 3 ? 3 : 1;
  const area = latent.height * latent.width;
  const data = latent.data.slice(0, channels * area);
  for (let channel = 0; channel < channels; channel++) {
    const plane = data.subarray(channel * area, (channel + 1) * area);
    const { min, max } = statistics(plane);
    for (let i = 0; i < area; i++) plane[i] = max > min ? (2 * ((plane[i] as number) - min)) / (max - min) - 1 : 0;
  }
  return { ...latent, channels, data };
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
