/** What sharp decodes: samples of 8 and 16 bits, upright, and what their colour profile makes of them. */
import sharp, { type Metadata, type Sharp } from "sharp";
import { crc32, deflateSync } from "node:zlib";
import { counted, ImageError, wrongChannels, type SampleArray, type Samples } from "./samples.ts";

/** Grey or RGB of a page with what lies beside them; for a model of neither 1 nor 3 channels the file's own samples. */
export async function photographSamples(
  stored: Buffer,
  channels: number,
  convertProfile: boolean,
  page: number,
): Promise<Samples> {
  const bytes = withEarlyExif(stored);
  if (bytes.subarray(0, 2).toString("latin1") === "BM")
    throw new ImageError("a BMP file, which training alone reads", "convert it to PNG");
  const upright = { autoOrient: true, page } as const;
  const plain = { ...upright, ignoreIcc: true } as const;
  const metadata = await sharp(bytes, { page }).metadata();
  const isColour = channels === 1 || channels === 3;
  const { icc: profile } = metadata;
  if (metadata.space === "cmyk") {
    if (isColour && convertProfile && spaceOf(profile) === "CMYK")
      return { ...(await decoded(sharp(bytes, upright), "srgb")), isColour: true };
    const inks = await decoded(sharp(bytes, plain).pipelineColourspace("cmyk"), "cmyk");
    return isColour ? fromInks(inks) : own(inks, channels, "CMYK");
  }
  if (!["srgb", "b-w", "rgb16", "grey16"].includes(metadata.space))
    throw new ImageError(`an image of the colour space ${metadata.space}`, "store it as RGB");
  const read = greyOf(await decoded(sharp(bytes, plain), spaceFor(metadata)), metadata);
  if (!isColour) return own(read, channels, read.planes.length < 3 ? "grey" : "RGB");
  const count = read.planes.length < 3 ? 1 : 3;
  const fits = spaceOf(profile) === (count === 1 ? "GRAY" : "RGB ");
  return {
    ...read,
    planes: read.planes.slice(0, count),
    alpha: read.planes[count],
    isColour,
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
  if (count !== channels) throw wrongChannels(`${counted(count)} (${mode}), not ${channels}`, channels);
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
  return (await decoded(sharp(withProfile(png, profile)), "srgb")).planes;
}

/** Bytes before a PNG's second chunk: its signature and IHDR. */
const afterHeader = 8 + 25;

/** libpng's reader looks no further than to the pixels for a PNG's eXIf, which may stand behind them. */
function withEarlyExif(bytes: Buffer): Buffer {
  if (bytes.subarray(0, 4).toString("latin1") !== "\x89PNG") return bytes;
  let behind = false;
  for (let at = 8; at + 12 <= bytes.length;) {
    const kind = bytes.subarray(at + 4, at + 8).toString("latin1");
    const end = at + 12 + bytes.readUInt32BE(at);
    if (kind === "eXIf")
      return behind
        ? Buffer.concat([bytes.subarray(0, afterHeader), bytes.subarray(at, end), bytes.subarray(afterHeader)])
        : bytes;
    behind ||= kind === "IDAT";
    at = end;
  }
  return bytes;
}

function withProfile(png: Buffer, profile: Uint8Array): Buffer {
  const chunk = Buffer.concat([Buffer.from("iCCPicc\0\0", "latin1"), deflateSync(profile)]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(chunk.length - 4);
  check.writeUInt32BE(crc32(chunk));
  return Buffer.concat([png.subarray(0, afterHeader), length, chunk, check, png.subarray(afterHeader)]);
}
