/**
 * TIFF's predictors (TIFF 6.0 §14, Technical Note 3), undone block by block. geotiff.js knows no integers of 64 bits, takes all numbers for
 * little-endian, and passes over predictors that it does not know.
 */
import { getDecoder, type Pool } from "geotiff";
import { zstd, type Page } from "./tiff-page.ts";
import { wholeFrames } from "./zstd.ts";

const [none, horizontal] = [1, 2];

/** A strip or tile as it would lie in a file without compression. */
export function blockDecoder(page: Page): (stored: Uint8Array) => Promise<ArrayBuffer> {
  const { image, blocks, count, bits, compression, predictor } = page;
  const perPixel = count / blocks.planes;
  const size = bits / 8;
  const row = Math.ceil(blocks.width * perPixel * size);
  // Of the last strip there may be fewer rows.
  const sizes = [...new Set([blocks.height, page.height % blocks.height || blocks.height])].map((rows) => rows * row);
  return async (stored) => {
    const decoder = await getDecoder(compression, {
      tileWidth: blocks.width,
      tileHeight: blocks.height,
      planarConfiguration: blocks.planes > 1 ? 2 : 1,
      bitsPerSample: Array<number>(count).fill(bits),
      predictor: none,
    });
    let decoded = new ArrayBuffer(0);
    for (const whole of compression === zstd ? wholeFrames(Buffer.from(stored), sizes) : [stored]) {
      if (decoded.byteLength === 0) decoded = (await decoder.decode(new Uint8Array(whole).buffer)) as ArrayBuffer;
    }
    undo(new Uint8Array(decoded), predictor, blocks.width * perPixel, perPixel, size, image.littleEndian);
    return decoded;
  };
}

/** What `readRasters` decodes the blocks of a page by. Integers of 64 bits, `long`, become floats of 64. */
export function unpredicted(page: Page, long?: "int64" | "uint64"): Pool {
  const decodeBlock = blockDecoder(page);
  const decode = async (stored: ArrayBuffer): Promise<ArrayBuffer> => {
    const decoded = await decodeBlock(new Uint8Array(stored));
    if (long !== undefined) toDoubles(new DataView(decoded), long, page.image.littleEndian);
    return decoded;
  };
  return { bindParameters: () => ({ decode }) } as unknown as Pool;
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
