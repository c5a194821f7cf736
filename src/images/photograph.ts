/** What sharp decodes: samples of 8 and 16 bits, upright, and what their colour profile makes of them. */
import sharp, { type Metadata, type Sharp } from "sharp";
import { deflateSync } from "node:zlib";
import { counted } from "../errors/counted.ts";
import { orientationOf } from "./exif.ts";
import { chunkOf } from "./png.ts";
import { ImageError, mostPixels, upright, wrongChannels, type SampleArray, type Samples } from "./samples.ts";

/** A file for sharp, and what it is not asked: what is up, and what colours mean. */
export interface Photograph {
  readonly file: Buffer;
  readonly orientation?: number;
  readonly profile?: Uint8Array | undefined;
}

/** Grey or RGB with what lies beside them; for a model of neither 1 nor 3 channels the file's own samples. */
export async function photographSamples(
  { file, ...known }: Photograph,
  channels: number,
  convertProfile: boolean,
): Promise<Samples> {
  const isColour = channels === 1 || channels === 3;
  const plain = { ...common, ignoreIcc: true };
  const metadata = await sharp(file, common).metadata();
  const orientation = known.orientation ?? orientationOf(metadata.exif ?? Buffer.alloc(0));
  const read = async (image: Sharp, space: Space): Promise<Samples> => {
    const samples = await decoded(image, space);
    return { ...samples, ...upright(samples.planes, samples.height, samples.width, orientation) };
  };
  const profile = known.profile ?? metadata.icc;
  if (metadata.space === "cmyk") {
    if (isColour && convertProfile && spaceOf(profile) === "CMYK")
      return { ...(await read(sharp(file, common), "srgb")), isColour: true };
    const inks = await read(sharp(file, plain).pipelineColourspace("cmyk"), "cmyk");
    return isColour ? fromInks(inks) : own(inks, channels, "CMYK");
  }
  if (!["srgb", "b-w", "rgb16", "grey16"].includes(metadata.space))
    throw new ImageError(`an image of the colour space ${metadata.space}`, "store it as RGB");
  return asked(greyOf(await read(sharp(file, plain), spaceFor(metadata)), metadata), channels, profile);
}

/** What is the same wherever sharp reads a file: what a decoder warns of is read as Pillow reads it, as are large images. */
const common = { failOn: "error", limitInputPixels: mostPixels } as const;

/** Grey or RGB with its profile, or a file's own samples. */
export function asked(read: Samples, channels: number, profile: Uint8Array | undefined): Samples {
  const count = read.planes.length < 3 ? 1 : 3;
  if (channels !== 1 && channels !== 3) return own(read, channels, count === 1 ? "grey" : "RGB");
  const fits = spaceOf(profile) === (count === 1 ? "GRAY" : "RGB ");
  return {
    ...read,
    planes: read.planes.slice(0, count),
    alpha: read.planes[count],
    isColour: true,
    profile: fits ? profile : undefined,
  };
}

type Space = "b-w" | "cmyk" | "grey16" | "rgb16" | "srgb";

/** Of grey with alpha sharp would give grey alone. */
function spaceFor({ channels, depth }: Metadata): Space {
  return depth === "ushort" ? (channels === 1 ? "grey16" : "rgb16") : channels === 1 ? "b-w" : "srgb";
}

/** Grey that was read as RGB. */
function greyOf(samples: Samples, { channels }: Metadata): Samples {
  return channels === 2 ? { ...samples, planes: [samples.planes[0], samples.planes[3]] as SampleArray[] } : samples;
}

async function decoded(image: Sharp, space: Space): Promise<Samples> {
  const deep = space.endsWith("16");
  const { data, info } = await image
    .toColourspace(space)
    .raw({ depth: deep ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  const values = deep ? new Uint16Array(new Uint8Array(data).buffer) : data;
  const { channels, height, width } = info;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = deep ? new Uint16Array(height * width) : new Uint8Array(height * width);
    for (let i = 0; i < plane.length; i++) plane[i] = values[i * channels + channel] as number;
    return plane;
  });
  return { type: deep ? "uint16" : "uint8", planes, height, width, isColour: false };
}

function own(samples: Samples, channels: number, mode: string): Samples {
  const count = samples.planes.length;
  if (count !== channels) throw wrongChannels(`${counted(count, "channel")} (${mode}), not ${channels}`, channels);
  return samples;
}

/** CMYK without a profile, in Pillow's arithmetic. */
function fromInks(inks: Samples): Samples {
  const [cyan, magenta, yellow, black] = inks.planes as [SampleArray, SampleArray, SampleArray, SampleArray];
  const planes = [cyan, magenta, yellow].map((ink) => {
    const plane = new Uint8ClampedArray(ink.length);
    for (let i = 0; i < plane.length; i++) {
      const light = 255 - (black[i] as number);
      plane[i] = light - multiplied(ink[i] as number, light);
    }
    return new Uint8Array(plane.buffer);
  });
  return { ...inks, planes, isColour: true };
}

/** a · b/255, rounded. */
function multiplied(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/** The four letters of the colour space that a profile is for (ICC.1, bytes 16 to 19 of its header). */
function spaceOf(profile: Uint8Array | undefined): string | undefined {
  return profile === undefined || profile.length < 128 ? undefined : Buffer.from(profile.subarray(16, 20)).toString("latin1");
}

/** Planes of 8 bits by a colour profile, in sRGB: three where there was one. libvips applies a profile that a file brings. */
export async function convertedToSrgb(
  planes: readonly Uint8Array[],
  height: number,
  width: number,
  profile: Uint8Array,
): Promise<readonly SampleArray[]> {
  const count = planes.length as 1 | 3;
  const pixels = new Uint8Array(count * height * width);
  planes.forEach((plane, channel) => plane.forEach((value, i) => (pixels[i * count + channel] = value)));
  const png = await sharp(pixels, { raw: { height, width, channels: count } })
    .toColourspace(count === 1 ? "b-w" : "srgb")
    .png({ compressionLevel: 0 })
    .toBuffer();
  return (await decoded(sharp(withProfile(png, profile), common), "srgb")).planes;
}

/** Bytes before a PNG's second chunk: its signature and IHDR. */
const afterHeader = 8 + 25;

function withProfile(png: Buffer, profile: Uint8Array): Buffer {
  const chunk = chunkOf("iCCP", Buffer.concat([Buffer.from("icc\0\0", "latin1"), deflateSync(profile)]));
  return Buffer.concat([png.subarray(0, afterHeader), chunk, png.subarray(afterHeader)]);
}
