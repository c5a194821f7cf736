/**
 * TIFF's predictors (TIFF 6.0 §14, Technical Note 3), undone block by block. geotiff.js knows no integers of 64 bits, takes all numbers for
 * little-endian, and passes over predictors that it does not know.
 */
import { getDecoder, type GeoTIFFImage, type Pool } from "geotiff";
import { ImageError } from "./samples.ts";

const [none, horizontal, floatingPoint] = [1, 2, 3];

interface Block {
  readonly predictor: number;
  readonly tileWidth: number;
  readonly planarConfiguration: number;
}

/** What `readRasters` decodes the blocks of an image by; `size` is the bytes of a sample. Integers of 64 bits, `long`, become floats of 64. */
export function unpredicted({ littleEndian }: GeoTIFFImage, samples: number, size: number, long?: "int64" | "uint64"): Pool {
  const bindParameters = (compression: number, block: Block & Parameters<typeof getDecoder>[1]) => ({
    decode: async (data: ArrayBuffer): Promise<ArrayBufferLike> => {
      const decoder = await getDecoder(compression, { ...block, predictor: none });
      const decoded = await decoder.decode(data);
      const perPixel = block.planarConfiguration === 2 ? 1 : samples;
      undo(new Uint8Array(decoded), block.predictor, block.tileWidth * perPixel, perPixel, size, littleEndian);
      if (long !== undefined) toDoubles(new DataView(decoded), long, littleEndian);
      return decoded;
    },
  });
  return { bindParameters } as unknown as Pool;
}

/** In place: rows of so many samples of `size` bytes, each the difference from the one a pixel before. */
function undo(
  bytes: Uint8Array,
  predictor: number,
  samples: number,
  perPixel: number,
  size: number,
  littleEndian: boolean,
): void {
  if (predictor === none) return;
  if (predictor !== horizontal && predictor !== floatingPoint)
    throw new ImageError(`${predictor} is not a known PREDICTOR`, "store it with predictor 1, 2 or 3");
  const length = samples * size;
  // The last row of a damaged file may be cut off.
  for (let start = 0; start < bytes.length; start += length) {
    const row = bytes.subarray(start, start + length);
    if (predictor === horizontal) sumSamples(row, perPixel * size, size, littleEndian);
    else joinBytes(row, perPixel, size, littleEndian);
  }
}

/** Whole numbers of `size` bytes, which floats' bits are taken for. */
function sumSamples(row: Uint8Array, pixel: number, size: number, littleEndian: boolean): void {
  for (let at = pixel; at < row.length; at += size) {
    let carry = 0;
    for (let i = 0; i < size; i++) {
      const byte = at + (littleEndian ? i : size - 1 - i);
      const sum = (row[byte] as number) + (row[byte - pixel] as number) + carry;
      row[byte] = sum;
      carry = sum >> 8;
    }
  }
}

/** Differences of bytes, of which a row has the highest of all samples first. */
function joinBytes(row: Uint8Array, perPixel: number, size: number, littleEndian: boolean): void {
  for (let i = perPixel; i < row.length; i++) row[i] = (row[i] as number) + (row[i - perPixel] as number);
  const sorted = row.slice();
  const samples = row.length / size;
  for (let sample = 0; sample < samples; sample++)
    for (let i = 0; i < size; i++)
      row[sample * size + (littleEndian ? size - 1 - i : i)] = sorted[i * samples + sample] as number;
}

/** In place. */
function toDoubles(integers: DataView, type: "int64" | "uint64", littleEndian: boolean): void {
  for (let at = 0; at + 8 <= integers.byteLength; at += 8) {
    const value = type === "int64" ? integers.getBigInt64(at, littleEndian) : integers.getBigUint64(at, littleEndian);
    integers.setFloat64(at, Number(value), littleEndian);
  }
}
