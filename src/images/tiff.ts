/**
 * TIFFs whose samples are no photograph of 8 bits: floats, integers of other sizes, bands, and pages that are channels. libvips brings such
 * samples to 8 bits; here they come as they are stored. runtime/'s data/tiff.py has the same rules.
 */
import { fromArrayBuffer, type ImageFileDirectory } from "geotiff";
import { counted } from "../errors/counted.ts";
import { unpredicted } from "./predictor.ts";
import { ImageError, upright, wrongChannels, type SampleArray, type Samples, type SampleType } from "./samples.ts";
import {
  blackIsZero,
  coloursOf,
  inks,
  lossless,
  numbersOf,
  pageOf,
  premultiplied,
  requireChain,
  rgb,
  whiteIsZero,
  ycc,
  type Page,
} from "./tiff-page.ts";
import { fileOf } from "./tiff-photograph.ts";

const greys: readonly number[] = [whiteIsZero, blackIsZero];

/** NewSubfileType: a reduced copy of another page, or its mask. */
const reducedOrMask = 1 | 4;

const tags = { bits: 258, sampleFormat: 339, subfileType: 254, subsampling: 530, profile: 34675 } as const;

/** A photograph of 8 bits alone in a file, which libvips decodes. */
interface Photograph {
  readonly file: Buffer;
  readonly orientation: number;
  readonly whiteIsZero: boolean;
}

/** Throws an ImageError where bands and pages are not that many channels, or are not whole. */
export async function tiffSamples(bytes: Buffer, channels: number): Promise<Samples | Photograph> {
  const { buffer } = new Uint8Array(bytes);
  requireChain(new DataView(buffer));
  const file = await fromArrayBuffer(buffer);
  const all = Array.from({ length: await file.getImageCount() }, async (_, i) => file.getImage(i));
  const images = await Promise.all(all);
  if (!file.littleEndian) for (const { fileDirectory } of images) loadArrays(fileDirectory, new DataView(buffer));
  const pages: Page[] = [];
  for (const image of images) {
    if ((Number(image.fileDirectory.getValue(tags.subfileType) ?? 0) & reducedOrMask) === 0)
      pages.push(await pageOf(image, bytes.length));
  }
  const [first] = pages;
  if (first === undefined) throw new ImageError("a TIFF without a page of its own");
  if (isStoredYcc(first)) await requireWholeYcc(first);
  const single = pages.length === 1;
  const isWhite = first.photometric === whiteIsZero;
  if (single && isPhotograph(first))
    return { file: await fileOf(first, bytes), orientation: first.orientation, whiteIsZero: isWhite };
  const own = first.count - (first.hasAlpha ? 1 : 0);
  const isColour =
    single &&
    (channels === 1 || channels === 3) &&
    (((first.photometric === rgb || isStoredYcc(first)) && own === 3) || (greys.includes(first.photometric) && own === 1));
  const hasAlpha = isColour && first.hasAlpha;
  const colours = isColour ? own : pages.reduce((sum, { count }) => sum + count, 0);
  if (!isColour && colours !== channels) {
    const where = single ? "" : ` in ${pages.length} pages`;
    throw wrongChannels(`a TIFF of ${counted(colours, "channel")}${where}, not ${channels}`, channels);
  }
  const [type] = pages.map((page) => typeOf(page, isColour)) as [SampleType];
  const layout = (page: Page): string =>
    [page.height, page.width, typeOf(page, isColour), page.orientation, page.photometric === whiteIsZero].join();
  if (pages.some((page) => layout(page) !== layout(first)))
    throw new ImageError("a TIFF whose pages differ in size or type, or in what is up or white", "store them alike");
  const read = await Promise.all(pages.map(async (page) => planesOf(page, type)));
  const { height, width } = read[0] as Turned;
  const planes = read.flatMap((page) => page.planes);
  const profile = await numbersOf(first.image.fileDirectory, tags.profile);
  return {
    type,
    planes: planes.slice(0, colours),
    height,
    width,
    isColour,
    alpha: hasAlpha ? planes[colours] : undefined,
    premultiplied: first.extra[0] === premultiplied,
    whiteIsZero: isWhite,
    profile: isColour && profile.length > 0 ? Uint8Array.from(profile) : undefined,
  };
}

/** Types of TIFF's: SHORT, LONG and LONG8. */
const unsigned: Readonly<Record<number, (file: DataView, at: number) => number>> = {
  3: (file, at) => file.getUint16(at),
  4: (file, at) => file.getUint32(at),
  16: (file, at) => Number(file.getBigUint64(at)),
};

/** geotiff.js 3.0.5 takes numbers that it reads later, such as the places of tiles, for little-endian (geotiffjs/geotiff.js#535). */
function loadArrays({ actualizedFields, deferredArrays }: ImageFileDirectory, file: DataView): void {
  for (const [tag, { arrayOffset, fieldType, itemSize, length }] of deferredArrays) {
    const read = unsigned[fieldType];
    if (read === undefined) continue;
    actualizedFields.set(
      tag,
      Array.from({ length }, (_, i) => read(file, arrayOffset + i * itemSize)),
    );
  }
}

type Turned = ReturnType<typeof upright>;

/** YCbCr of 8 bits as it is stored, which libvips takes for RGB. */
function isStoredYcc({ photometric, bits, compression }: Page): boolean {
  return photometric === ycc && bits === 8 && lossless.includes(compression);
}

function isPhotograph(page: Page): boolean {
  const { photometric, bits, format, count, hasAlpha, extra, blocks } = page;
  const colours = coloursOf[photometric];
  const isPlanar = blocks.planes > 1;
  // Nor does libvips read tiles of separate planes, grey beside its alpha where they lie apart or white is zero, and inks with alpha; and
  // premultiplied colours it divides.
  if (lossless.includes(page.compression)) {
    if (isStoredYcc(page) || (photometric === rgb && blocks.isTiled && isPlanar)) return false;
    if (hasAlpha && (photometric === inks || photometric === whiteIsZero || (photometric !== rgb && isPlanar))) return false;
    if (hasAlpha && extra[0] === premultiplied) return false;
  }
  const eight = bits === 8 || (colours === 1 && [1, 2, 4].includes(bits));
  return eight && format === 1 && colours !== undefined && count === colours + (hasAlpha ? 1 : 0);
}

const types: Readonly<Record<string, SampleType>> = {
  "1 8": "uint8",
  "1 16": "uint16",
  "1 32": "uint32",
  "1 64": "uint64",
  "2 8": "int8",
  "2 16": "int16",
  "2 32": "int32",
  "2 64": "int64",
  "3 16": "float16",
  "3 32": "float32",
  "3 64": "float64",
};

/** SampleFormat's "void" is read as whole numbers (TIFF 6.0 §19). */
const whole = new Map([[4, 1]]);

/** Inks are given where they are not to be shown in colour. */
function typeOf(page: Page, isShown: boolean): SampleType {
  const { bits, format, photometric } = page;
  const isKnown = greys.includes(photometric) || photometric === rgb || (photometric === inks && !isShown);
  if (!isKnown && !isStoredYcc(page))
    throw new ImageError(`a TIFF of photometric interpretation ${photometric} in ${bits} bits`, "store it as RGB");
  const known = types[`${whole.get(format) ?? format} ${bits}`];
  if (known === undefined)
    throw new ImageError(`a TIFF with samples of ${bits} bits in format ${format}`, "store integers or floats");
  if (page.fillOrder !== 1) throw new ImageError("a TIFF whose bits lie the other way around (FillOrder 2)", "save it anew");
  return known;
}

/** A page's planes as they lie in the file. */
async function rasters(page: Page, type: SampleType): Promise<readonly SampleArray[]> {
  const { image, count, bits, format } = page;
  const long = type === "int64" || type === "uint64" ? type : undefined;
  // geotiff.js knows neither integers of 64 bits nor void, nor what is said once for all samples.
  const { actualizedFields } = image.fileDirectory;
  actualizedFields.set(tags.sampleFormat, Array<number>(count).fill(long === undefined ? (whole.get(format) ?? format) : 3));
  actualizedFields.set(tags.bits, Array<number>(count).fill(bits));
  try {
    return await image.readRasters({ interleave: false, pool: unpredicted(page, long) });
  } catch (error) {
    // It reads beyond the end of a block that is too short.
    if (error instanceof RangeError) throw new ImageError("a TIFF that lacks some of its pixels", "save it anew");
    throw error;
  }
}

async function requireWholeYcc({ image }: Page): Promise<void> {
  if ((await numbersOf(image.fileDirectory, tags.subsampling)).join() !== "1,1")
    throw new ImageError("a TIFF of YCbCr that is subsampled", "store it as RGB");
}

/** By JFIF, as Pillow has it. */
async function fromYcc(page: Page): Promise<readonly SampleArray[]> {
  const [luma, blue, red, ...others] = (await rasters(page, "uint8")) as [SampleArray, SampleArray, SampleArray];
  const of = (fromBlue: number, fromRed: number): SampleArray => {
    const colour = Uint8ClampedArray.from(
      luma,
      (y, i) => y + fromBlue * ((blue[i] as number) - 128) + fromRed * ((red[i] as number) - 128),
    );
    return new Uint8Array(colour.buffer);
  };
  return [of(0, 1.402), of(-0.344136, -0.714136), of(1.772, 0), ...others];
}

/** A page's planes upright. */
async function planesOf(page: Page, type: SampleType): Promise<Turned> {
  const planes = isStoredYcc(page) ? await fromYcc(page) : await rasters(page, type);
  return upright(Array.from(planes), page.height, page.width, page.orientation);
}
