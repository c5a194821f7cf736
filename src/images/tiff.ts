/**
 * TIFFs whose samples are no photograph of 8 bits: floats, integers of other sizes, bands, and pages that are channels. libvips brings such
 * samples to 8 bits; here they come as they are stored. runtime/'s data/tiff.py has the same rules.
 */
import { fromArrayBuffer, type GeoTIFFImage, type ImageFileDirectory } from "geotiff";
import { unpredicted } from "./predictor.ts";
import { counted, ImageError, upright, wrongChannels, type SampleArray, type Samples, type SampleType } from "./samples.ts";

/** PhotometricInterpretation (TIFF 6.0) with how many samples make its colour. */
const whiteIsZero = 0;
const rgb = 2;
const inks = 5;
const ycc = 6;
const coloursOf: Readonly<Record<number, number>> = { [whiteIsZero]: 1, 1: 1, [rgb]: 3, 3: 1, [inks]: 4, [ycc]: 3 };
const greys: readonly number[] = [whiteIsZero, 1];

/** NewSubfileType: a reduced copy of another page, or its mask. */
const reducedOrMask = 1 | 4;

/** ExtraSamples: associated (premultiplied) and unassociated alpha. */
const [premultiplied, unassociated] = [1, 2];

const tags = { compression: 259, orientation: 274, sampleFormat: 339, subsampling: 530, profile: 34675 } as const;

/** Compressions whose decoders make RGB of YCbCr. */
const jpegs: readonly number[] = [6, 7];

/** Which sharp's libvips is built without. */
const zstd = 50000;

interface Page {
  readonly image: GeoTIFFImage;
  readonly index: number;
  readonly height: number;
  readonly width: number;
  readonly photometric: number;
  readonly count: number;
  readonly bits: readonly number[];
  readonly formats: readonly number[];
  readonly extra: readonly number[];
  readonly hasAlpha: boolean;
  readonly orientation: number;
}

/** Where a photograph of 8 bits is, which libvips decodes. */
interface Photograph {
  readonly page: number;
  readonly whiteIsZero: boolean;
}

/** Throws an ImageError where bands and pages are not that many channels. */
export async function tiffSamples(bytes: Buffer, channels: number): Promise<Samples | Photograph> {
  const { buffer } = new Uint8Array(bytes);
  const file = await fromArrayBuffer(buffer);
  const all = Array.from({ length: await file.getImageCount() }, async (_, i) => file.getImage(i));
  const images = await Promise.all(all);
  if (!file.littleEndian) for (const { fileDirectory } of images) loadArrays(fileDirectory, new DataView(buffer));
  const pages = (await Promise.all(images.map(pageOf))).filter(
    ({ image }) => (Number(image.fileDirectory.getValue(254) ?? 0) & reducedOrMask) === 0,
  );
  const [first] = pages;
  if (first === undefined) throw new ImageError("a TIFF without a page of its own");
  const single = pages.length === 1;
  const isWhite = first.photometric === whiteIsZero;
  if (single && isPhotograph(first)) return { page: first.index, whiteIsZero: isWhite };
  const own = first.count - (first.hasAlpha ? 1 : 0);
  const isColour =
    single &&
    (channels === 1 || channels === 3) &&
    (((first.photometric === rgb || isStoredYcc(first)) && own === 3) || (greys.includes(first.photometric) && own === 1));
  const hasAlpha = isColour && first.hasAlpha;
  const colours = isColour ? own : pages.reduce((sum, { count }) => sum + count, 0);
  if (!isColour && colours !== channels) {
    const where = single ? "" : ` in ${pages.length} pages`;
    throw wrongChannels(`a TIFF of ${counted(colours)}${where}, not ${channels}`, channels);
  }
  const [type] = pages.map((page) => typeOf(page, isColour)) as [SampleType];
  const layout = (page: Page): string =>
    [page.height, page.width, typeOf(page, isColour), page.orientation, page.photometric === whiteIsZero].join();
  if (pages.some((page) => layout(page) !== layout(first)))
    throw new ImageError("a TIFF whose pages differ in size or type, or in what is up or white", "store them alike");
  const read = await Promise.all(pages.map(async (page) => planesOf(page, type)));
  const { height, width } = read[0] as Turned;
  const planes = read.flatMap((page) => page.planes);
  const profile = (await first.image.fileDirectory.loadValue(tags.profile)) as Iterable<number> | undefined;
  return {
    type,
    planes: planes.slice(0, colours),
    height,
    width,
    isColour,
    alpha: hasAlpha ? planes[colours] : undefined,
    premultiplied: first.extra[0] === premultiplied,
    whiteIsZero: isWhite,
    profile: isColour && profile !== undefined ? Uint8Array.from(profile) : undefined,
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

async function pageOf(image: GeoTIFFImage, index: number): Promise<Page> {
  const { fileDirectory: directory } = image;
  const count = image.getSamplesPerPixel();
  const photometric = directory.getValue("PhotometricInterpretation") ?? -1;
  const extra = Array.from(directory.getValue("ExtraSamples") ?? [], Number);
  const alone = extra.length === 1 && (extra[0] === premultiplied || extra[0] === unassociated);
  return {
    image,
    index,
    height: image.getHeight(),
    width: image.getWidth(),
    photometric,
    count,
    // One bit where the file says nothing.
    bits: Array.from({ length: count }, (_, i) => image.getBitsPerSample(i) || 1),
    formats: Array.from({ length: count }, (_, i) => formatOf(image.getSampleFormat(i))),
    extra,
    hasAlpha: alone && count === (coloursOf[photometric] ?? count) + 1,
    orientation: Number((await directory.loadValue(tags.orientation)) ?? 1),
  };
}

/** SampleFormat's "void" is read as whole numbers (TIFF 6.0 §19). */
function formatOf(format: number): number {
  return format === 4 ? 1 : format;
}

/** YCbCr of 8 bits as it is stored, which libvips takes for RGB. */
function isStoredYcc({ image, photometric, bits }: Page): boolean {
  const compression = Number(image.fileDirectory.getValue(tags.compression) ?? 1);
  return photometric === ycc && bits.every((each) => each === 8) && !jpegs.includes(compression);
}

function isPhotograph(page: Page): boolean {
  const { image, photometric, bits, formats, count, hasAlpha } = page;
  const isPlanar = image.planarConfiguration === 2;
  // Nor does libvips read tiles of separate planes, grey beside its alpha where they lie apart or white is zero, and inks with alpha.
  if (isStoredYcc(page) || (photometric === rgb && image.isTiled && isPlanar)) return false;
  if (hasAlpha && (photometric === inks || photometric === whiteIsZero || (photometric !== rgb && isPlanar))) return false;
  const compression = Number(image.fileDirectory.getValue(tags.compression) ?? 1);
  if (compression === zstd && bits.every((each) => each === 8) && (photometric === rgb || greys.includes(photometric)))
    return false;
  const colours = coloursOf[photometric];
  const eight = bits.every((each) => each === 8 || (colours === 1 && [1, 2, 4].includes(each)));
  return eight && formats.every((format) => format === 1) && colours !== undefined && count === colours + (hasAlpha ? 1 : 0);
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

/** Inks are given where they are not to be shown in colour. */
function typeOf(page: Page, isShown: boolean): SampleType {
  const { bits, formats, photometric } = page;
  const isKnown = greys.includes(photometric) || photometric === rgb || (photometric === inks && !isShown);
  if (!isKnown && !isStoredYcc(page))
    throw new ImageError(`a TIFF of photometric interpretation ${photometric} in ${bits.join(", ")} bits`, "store it as RGB");
  const alike = bits.every((each) => each === bits[0]) && formats.every((format) => format === formats[0]);
  const known = alike ? types[`${formats[0]} ${bits[0]}`] : undefined;
  if (known === undefined)
    throw new ImageError(
      `a TIFF with samples of ${bits.join(", ")} bits in format ${formats.join(", ")}`,
      "store integers or floats",
    );
  return known;
}

/** A page's planes as they lie in the file. */
async function rasters({ image, count, bits, formats }: Page, type: SampleType): Promise<readonly SampleArray[]> {
  const [size] = bits as [number];
  const long = type === "int64" || type === "uint64" ? type : undefined;
  // geotiff.js knows neither integers of 64 bits nor void.
  image.fileDirectory.actualizedFields.set(tags.sampleFormat, long === undefined ? [...formats] : Array<number>(count).fill(3));
  return image.readRasters({ interleave: false, pool: unpredicted(image, count, size / 8, long) });
}

/** By JFIF, as Pillow has it. */
async function fromYcc(page: Page): Promise<readonly SampleArray[]> {
  const { fileDirectory: directory } = page.image;
  const subsampling = Array.from(((await directory.loadValue(tags.subsampling)) as Iterable<number> | undefined) ?? [2, 2]);
  if (subsampling.some((step) => step !== 1)) throw new ImageError("a TIFF of YCbCr that is subsampled", "store it as RGB");
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
