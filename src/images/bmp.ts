/** BMP without compression. runtime/'s data/bmp.py lets the same files through. */
import { ImageError, mostPixels, tooLarge, type Samples } from "./samples.ts";

/** Sizes of headers (BITMAPCOREHEADER to BITMAPV5HEADER), of which the first has shorter fields and no more than width, height and bits. */
const [core, ...later] = [12, 40, 52, 56, 108, 124] as const;
const headers: readonly number[] = [core, ...later];

/** Headers up to this size have no mask of opacity. */
const shortest = 52;

/** Where the field is 3, masks say which bits of a pixel are red, green, blue and opacity. */
const masked = 3;
const fifteen = [0x7c00, 0x3e0, 0x1f, 0];
const sixteen = [0xf800, 0x7e0, 0x1f, 0];
const opaque = [0xff0000, 0xff00, 0xff, 0];
const transparent = [0xff0000, 0xff00, 0xff, 0xff000000];
const layouts: Readonly<Record<number, readonly (readonly number[])[]>> = { 16: [fifteen, sixteen], 32: [opaque, transparent] };

/** RGB, with alpha where masks say so. Throws an ImageError where it is compressed, damaged or of another layout. */
export function bmpSamples(bytes: Buffer): Samples {
  const isDamaged = (): ImageError => new ImageError("a BMP whose header is damaged");
  if (bytes.length < 18) throw isDamaged();
  const size = bytes.readUInt32LE(14);
  if (!headers.includes(size) || bytes.length < 14 + size) throw isDamaged();
  const isCore = size === core;
  const [width, rows, bits] = isCore
    ? [bytes.readUInt16LE(18), bytes.readUInt16LE(20), bytes.readUInt16LE(24)]
    : [bytes.readInt32LE(18), bytes.readInt32LE(22), bytes.readUInt16LE(28)];
  const height = Math.abs(rows);
  const [compression, used] = isCore ? [0, 0] : [bytes.readUInt32LE(30), bytes.readUInt32LE(46)];
  const isIndexed = bits <= 8;
  const masks = compression === masked ? masksOf(bytes, size) : bits === 16 ? fifteen : opaque;
  const isKnown =
    compression === masked
      ? layouts[bits]?.some((layout) => layout.join() === masks.join()) === true
      : compression === 0 && [1, 4, 8, 16, 24, 32].includes(bits);
  if (!isKnown) throw new ImageError(`a BMP of ${bits} bits a pixel, stored by method ${compression}`, "save it as a PNG");
  const [start, table, entry] = [bytes.readUInt32LE(10), 14 + size, isCore ? 3 : 4];
  const colours = used || 2 ** bits;
  if (width <= 0 || height === 0 || used > 256 || start < table + (isIndexed ? entry * colours : 0)) throw isDamaged();
  if (width * height > mostPixels) throw tooLarge();
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (start + stride * height > bytes.length) throw new ImageError("the file is cut off");
  const channels = isIndexed
    ? [2, 1, 0].map((place) => (pixel: number) => (pixel < colours ? (bytes[table + pixel * entry + place] as number) : 0))
    : masks.filter((mask) => mask !== 0).map(scaledBy);
  const planes = channels.map(() => new Uint8Array(width * height));
  for (let y = 0; y < height; y++) {
    const row = start + stride * (rows > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x++) {
      const pixel = pixelAt(bytes, row, x, bits);
      channels.forEach((of, channel) => ((planes[channel] as Uint8Array)[y * width + x] = of(pixel)));
    }
  }
  return { type: "uint8", planes, height, width, isColour: false };
}

function masksOf(bytes: Buffer, size: number): readonly number[] {
  if (bytes.length < 70) return [];
  return [54, 58, 62, 66].map((at) => (at === 66 && size <= shortest ? 0 : bytes.readUInt32LE(at)));
}

/** The bits of a mask, as a part of 255. */
function scaledBy(mask: number): (pixel: number) => number {
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / most);
}

function pixelAt(bytes: Buffer, row: number, x: number, bits: number): number {
  if (bits >= 8) return bytes.readUIntLE(row + (x * bits) / 8, bits / 8);
  const at = x * bits;
  return ((bytes[row + (at >> 3)] as number) >> (8 - bits - (at & 7))) & (2 ** bits - 1);
}
