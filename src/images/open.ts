/**
 * An image as a model sees it, by the one rule that training has too (docs/training.md): profiles are converted to sRGB, then transparency is laid
 * on white; what samples mean is declared.
 */
import { readFile, stat } from "node:fs/promises";
import { InternalError, nonEmpty } from "../errors/must.ts";
import type { PixelRule } from "../recipe/pixels.ts";
import { bmpSamples } from "./bmp.ts";
import { formatOf, type Format } from "./formats.ts";
import { npySamples } from "./npy.ts";
import { asked, convertedToSrgb, photographSamples } from "./photograph.ts";
import { plainPng } from "./png.ts";
import { ImageError, tooLarge, type SampleArray, type Samples, type SampleType } from "./samples.ts";
import { ranges, toSigned } from "./signed.ts";
import { tiffSamples } from "./tiff.ts";

/** Planar float32 [channels, height, width] in [-1, 1]. */
export interface PlanarImage {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** An image as it is decoded. */
export interface DecodedImage extends PlanarImage {
  /** Whether its values are whole steps of 255, in which Pillow computes with it. */
  readonly inSteps: boolean;
}

/** Reads a file, whole and upright. Throws an ImageError with the reason where it gives no image of so many channels. */
export async function openImage(path: string, channels: number, rule: PixelRule): Promise<DecodedImage> {
  return await decodeImage(await stored(path), channels, rule);
}

/** The image in a file's bytes, as `openImage`. */
export async function decodeImage(bytes: Buffer, channels: number, rule: PixelRule): Promise<DecodedImage> {
  if (bytes.length === 0) throw new ImageError("the file is empty");
  const format = formatOf(bytes);
  try {
    const { samples, isPhotograph } = await samplesOf(bytes, format, channels, rule);
    const planes = await shown(samples, channels, rule);
    const { height, width } = samples;
    const data = new Float32Array(channels * height * width);
    planes.forEach((plane, channel) => data.set(plane, channel * height * width));
    return { channels, height, width, data, inSteps: isPhotograph && samples.isColour && isPlain(samples, rule) };
  } catch (error) {
    if (error instanceof ImageError || error instanceof InternalError) throw error;
    // Decoders throw errors of their own on damaged files, and pako texts; the first line of libvips' says what is wrong.
    const reason = firstLine(error);
    if (reason.includes("exceeds pixel limit")) throw tooLarge();
    throw new ImageError(`a damaged ${format}: ${reason.replace(/^Input buffer has corrupt header: ?/, "") || "its header"}`);
  }
}

async function stored(path: string): Promise<Buffer> {
  try {
    // To read a pipe would be to wait for who writes into it.
    if (!(await stat(path)).isFile()) throw new ImageError("no file, but a folder, a pipe or a device");
    return await readFile(path);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError(firstLine(error));
  }
}

function firstLine(error: unknown): string {
  const [line] = nonEmpty((error instanceof Error ? error.message || error.name : String(error)).split("\n"), "the reason");
  return line;
}

/** `isPhotograph` is whether Pillow decodes it in training, and not a reader of samples that are no photograph's. */
interface Stored {
  readonly samples: Samples;
  readonly isPhotograph: boolean;
}

async function samplesOf(bytes: Buffer, format: Format, channels: number, { profile }: PixelRule): Promise<Stored> {
  const photograph = (samples: Samples): Stored => ({ samples, isPhotograph: true });
  if (format === "NPY") return { samples: npySamples(bytes, channels), isPhotograph: false };
  if (format === "BMP") return photograph(asked(bmpSamples(bytes), channels, undefined));
  const toSrgb = profile === "srgb";
  if (format === "PNG") return photograph(await photographSamples(plainPng(bytes), channels, toSrgb));
  if (format !== "TIFF") return photograph(await photographSamples({ file: bytes }, channels, toSrgb));
  const found = await tiffSamples(bytes, channels);
  if (!("file" in found)) return { samples: found, isPhotograph: false };
  const samples = await photographSamples(found, channels, toSrgb);
  if (!found.whiteIsZero) return photograph(samples);
  // libvips has turned them over, and what is declared is of those in the file.
  return photograph({ ...samples, planes: samples.planes.map((plane) => plane.map((value) => 255 - value)), whiteIsZero: true });
}

/** Whether nothing but their type says what samples of 8 bits mean. */
function isPlain({ type }: Samples, { range, nodata }: PixelRule): boolean {
  return type === "uint8" && range === null && nodata === null;
}

async function shown(samples: Samples, channels: number, rule: PixelRule): Promise<readonly Float32Array[]> {
  const { type, height, width, whiteIsZero = false } = samples;
  let { premultiplied = false } = samples;
  let planes = toSigned(samples.planes, type, rule);
  if (whiteIsZero) planes = planes.map((plane) => plane.map((value) => -value));
  if (!samples.isColour) return planes;
  const alpha = samples.alpha === undefined ? undefined : opacity(samples.alpha, type, rule);
  if (samples.profile !== undefined && rule.profile === "srgb") {
    if (alpha !== undefined && premultiplied) [planes, premultiplied] = [divided(planes, alpha), false];
    const bytes = planes.map((plane) => Uint8Array.from(plane, (value) => step(value)));
    const converted = await convertedToSrgb(bytes, height, width, samples.profile);
    planes = toSigned(converted, "uint8", { range: null, nodata: null, fill: null });
  }
  if (alpha !== undefined) planes = onWhite(planes, alpha, premultiplied);
  // Grey and RGB of 8 bits stay in whole steps, as in Pillow.
  const inSteps = isPlain(samples, rule);
  if (inSteps && alpha !== undefined) planes = planes.map((plane) => plane.map((value) => step(value) / 127.5 - 1));
  if (channels === 1 && planes.length === 3) return [luma(planes, inSteps)];
  return planes.length < channels ? Array.from({ length: channels }, () => planes[0] as Float32Array) : planes;
}

/** In [0, 1], by its type: `range` says what colours can have, and is asked where the type has no range. */
function opacity(alpha: SampleArray, type: SampleType, { range }: PixelRule): Float32Array {
  const [signed] = toSigned([alpha], type, { range: ranges[type] ?? range, nodata: null, fill: null }) as [Float32Array];
  return signed.map((value) => (value + 1) / 2);
}

/** Colours that were multiplied by alpha, without it; black where it is 0. */
function divided(planes: readonly Float32Array[], alpha: Float32Array): readonly Float32Array[] {
  const share = (value: number, opaque: number): number => (opaque > 0 ? Math.min(2, Math.max(0, (value + 1) / opaque)) : 0);
  return planes.map((plane) => plane.map((value, i) => share(value, alpha[i] as number) - 1));
}

/** Premultiplied colours lack the background's share alone. */
function onWhite(planes: readonly Float32Array[], alpha: Float32Array, premultiplied: boolean): readonly Float32Array[] {
  const laid = premultiplied
    ? (value: number, opaque: number): number => value + 2 * (1 - opaque)
    : (value: number, opaque: number): number => 1 - (1 - value) * opaque;
  return planes.map((plane) => plane.map((value, i) => laid(value, alpha[i] as number)));
}

/**
 * ITU-R 601 luma, (299 R + 587 G + 114 B)/1000, in Pillow's arithmetic: training, calibration, `run` and client.js see the same grey. sharp's own
 * grey is another: it is computed in linear light.
 */
function luma(planes: readonly Float32Array[], inSteps: boolean): Float32Array {
  const [red, green, blue] = planes as [Float32Array, Float32Array, Float32Array];
  const grey = (r: number, g: number, b: number): number => (19595 * r + 38470 * g + 7471 * b) / 65536;
  if (!inSteps) return red.map((value, i) => grey(value, green[i] as number, blue[i] as number));
  return red.map((value, i) => Math.round(grey(step(value), step(green[i] as number), step(blue[i] as number))) / 127.5 - 1);
}

/** Of 255. */
function step(value: number): number {
  return Math.round((clamped(value) + 1) * 127.5);
}

function clamped(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
