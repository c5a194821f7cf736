/** A page of a TIFF: that all of it is there, and of a kind that is read. runtime/'s data/tiff_blocks.py has the same rules. */
import type { GeoTIFFImage, ImageFileDirectory } from "geotiff";
import { ImageError, mostPixels, tooLarge } from "./samples.ts";

/** PhotometricInterpretation (TIFF 6.0) with how many samples make its colour. */
export const [whiteIsZero, blackIsZero, rgb, palette, inks, ycc] = [0, 1, 2, 3, 5, 6];
export const coloursOf: Readonly<Record<number, number>> = {
  [whiteIsZero]: 1,
  [blackIsZero]: 1,
  [rgb]: 3,
  [palette]: 1,
  [inks]: 4,
  [ycc]: 3,
};

/** ExtraSamples: associated (premultiplied) and unassociated alpha. */
export const [premultiplied, unassociated] = [1, 2];

/** Values of Compression (Technical Notes 1 and 2, and libtiff's): fax of one bit, JPEG, and those without loss. */
const [none, lzw, jpeg, packBits] = [1, 5, 7, 32773];
export const zstd = 50000;
const fax: readonly number[] = [2, 3, 4];
const withPredictor: readonly number[] = [lzw, 8, 32946, zstd];
export const lossless: readonly number[] = [none, packBits, ...withPredictor];

export interface Page {
  readonly image: GeoTIFFImage;
  readonly height: number;
  readonly width: number;
  readonly photometric: number;
  readonly compression: number;
  /** 1 where the compression has none. */
  readonly predictor: number;
  readonly fillOrder: number;
  /** Samples of a pixel, each of so many bits and of one SampleFormat. */
  readonly count: number;
  readonly bits: number;
  readonly format: number;
  readonly extra: readonly number[];
  readonly hasAlpha: boolean;
  readonly orientation: number;
  readonly blocks: Blocks;
}

/** Strips or tiles, of one plane of pixels or of planes of samples. */
export interface Blocks {
  readonly offsets: readonly number[];
  readonly counts: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly isTiled: boolean;
  readonly planes: number;
}

/** Throws an ImageError where the pages of a TIFF lead in a circle, so that who follows them has no end, or beyond the file. */
export function requireChain(file: DataView): void {
  const littleEndian = file.getUint8(0) === 0x49;
  const isBig = file.getUint16(2, littleEndian) === 43;
  const pointer = (at: number): number =>
    isBig ? Number(file.getBigUint64(at, littleEndian)) : file.getUint32(at, littleEndian);
  const seen = new Set<number>();
  try {
    for (let at = pointer(isBig ? 8 : 4); at !== 0;) {
      if (seen.has(at)) throw new ImageError("a TIFF whose pages lead in a circle", "save it anew");
      seen.add(at);
      at = isBig ? pointer(at + 8 + 20 * pointer(at)) : pointer(at + 2 + 12 * file.getUint16(at, littleEndian));
    }
  } catch (error) {
    throw error instanceof RangeError ? new ImageError("the file is cut off") : error;
  }
}

/** A tag's values; none where the page does not have it. */
export async function numbersOf(directory: ImageFileDirectory, tag: number): Promise<readonly number[]> {
  const value = (await directory.loadValue(tag)) as Iterable<number> | number | undefined;
  return value === undefined ? [] : typeof value === "number" ? [value] : Array.from(value, Number);
}

/** Throws an ImageError where it is not whole in a file of so many bytes, or of a kind that is not read. */
export async function pageOf(image: GeoTIFFImage, size: number): Promise<Page> {
  const { fileDirectory } = image;
  const all = async (tag: number): Promise<readonly number[]> => numbersOf(fileDirectory, tag);
  const one = async (tag: number, otherwise: number): Promise<number> => (await all(tag))[0] ?? otherwise;
  const [width, height] = [await one(256, 0), await one(257, 0)];
  if (width <= 0 || height <= 0) throw new ImageError("a TIFF without pixels");
  if (width * height > mostPixels) throw tooLarge();
  if ((await one(32997, 1)) > 1) throw new ImageError("a TIFF whose pages are volumes", "store its slices as pages");
  const count = await one(277, 1);
  const [bits, format] = [await sameOf(fileDirectory, 258, count), await sameOf(fileDirectory, 339, count)];
  const photometric = await one(262, -1);
  if (photometric < 0) throw unsaid();
  const compression = await one(259, none);
  const isRead =
    lossless.includes(compression) ||
    (fax.includes(compression) && bits === 1 && count === 1) ||
    (compression === jpeg && bits === 8);
  if (!isRead)
    throw new ImageError(`a TIFF of ${bits} bits in compression ${compression}`, "save it without compression, or with Deflate");
  const predictor = withPredictor.includes(compression) ? await one(317, 1) : 1;
  if (![1, 2, 3].includes(predictor))
    throw new ImageError(`${predictor} is not a known PREDICTOR`, "store it with predictor 1, 2 or 3");
  const [extra, colours] = [await all(338), coloursOf[photometric]];
  if (count - extra.length < Math.min(colours ?? 0, count))
    throw new ImageError("a TIFF with fewer samples than its colours need", "save it anew");
  if (photometric === palette && (await all(320)).length !== 3 * 2 ** bits)
    throw new ImageError("a TIFF without the colours of its palette", "save it anew");
  const planes = (await one(284, 1)) === 2 ? count : 1;
  const blocks = await blocksOf(fileDirectory, height, width, planes);
  const page = { image, height, width, photometric, compression, predictor, count, bits, format, extra, blocks };
  blocks.offsets.forEach((offset, number) => {
    const stored = blocks.counts[number] as number;
    if (offset + stored > size) throw new ImageError("the file is cut off");
    if (compression === none) requirePixels(page, number, stored);
  });
  const alone = extra.length === 1 && (extra[0] === premultiplied || extra[0] === unassociated);
  return {
    ...page,
    fillOrder: await one(266, 1),
    hasAlpha: alone && count === (colours ?? count) + 1,
    orientation: await one(274, 1),
  };
}

/** What all samples of a pixel have, be it said once or for each; 1 where it is not said. */
async function sameOf(directory: ImageFileDirectory, tag: number, count: number): Promise<number> {
  const values = await numbersOf(directory, tag);
  const [first, ...others] = values;
  if (first === undefined) return 1;
  if (others.length > 0 && values.length !== count) throw unsaid();
  if (others.some((other) => other !== first))
    throw new ImageError("a TIFF whose samples differ in bits or type", "store them alike");
  return first;
}

function unsaid(): ImageError {
  return new ImageError("a TIFF that does not say what its samples are", "save it anew");
}

/** Throws an ImageError where some are not there: a sparse file says so by a size or place of 0. */
async function blocksOf(directory: ImageFileDirectory, height: number, width: number, planes: number): Promise<Blocks> {
  const isTiled = !directory.hasTag(273);
  const one = async (tag: number, otherwise: number): Promise<number> => (await numbersOf(directory, tag))[0] ?? otherwise;
  const [down, across] = isTiled ? [await one(323, 0), await one(322, 0)] : [Math.min(await one(278, height), height), width];
  const fits = down > 0 && across > 0;
  const expected = fits ? planes * Math.ceil(height / down) * Math.ceil(width / across) : 1;
  const first = async (tag: number): Promise<readonly number[]> => (await numbersOf(directory, tag)).slice(0, expected);
  const [offsets, counts] = [await first(isTiled ? 324 : 273), await first(isTiled ? 325 : 279)];
  const there = offsets.filter((offset, number) => {
    const count = counts[number];
    return offset > 0 && count !== undefined && count > 0;
  }).length;
  if (there < expected || !fits)
    throw new ImageError(
      `a TIFF that lacks ${(expected - there).toLocaleString("en")} of its ${expected.toLocaleString("en")} strips or tiles`,
      "save it whole (not sparse)",
    );
  return { offsets, counts, height: down, width: across, isTiled, planes };
}

/** Throws an ImageError where a block of so many bytes is too short, of which the last strip may have fewer rows. */
export function requirePixels(
  { height, count, bits, blocks }: Pick<Page, "height" | "count" | "bits" | "blocks">,
  number: number,
  length: number,
): void {
  const strip = number % Math.ceil(height / blocks.height);
  const rows = blocks.isTiled ? blocks.height : Math.min(blocks.height, height - strip * blocks.height);
  if (length < rows * Math.ceil((blocks.width * (count / blocks.planes) * bits) / 8))
    throw new ImageError("a TIFF that lacks some of its pixels", "save it anew");
}
