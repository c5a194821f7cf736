/** Zstandard's frames (RFC 8878 §3.1.1), which geotiff's decoder takes as they come: of one that is cut off it writes where it should not. */
import { ImageError } from "./samples.ts";

const magic = 0xfd2fb528;
const [checksum, single] = [4, 32];

/** Bytes of the field that says how long the content is, and of that which names a dictionary, by two bits. */
const [contentBytes, dictionaryBytes] = [
  [0, 2, 4, 8],
  [0, 1, 2, 4],
] as const;

/** A block's first three bytes: whether it is the last, one of these types, and a size. */
const [repeated, reserved] = [1, 3];

/**
 * The first frame in some bytes, as it is if it says how much it holds, and else once for each size that it may have: of a damaged frame without
 * a size geotiff's decoder finds no end. Throws an ImageError where it is cut off, or says that it holds more than the largest size.
 */
export function wholeFrames(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const most = Math.max(...sizes);
  try {
    const flags = bytes.readUInt32LE(0) === magic ? bytes.readUInt8(4) : undefined;
    if (flags === undefined) throw new ImageError("a TIFF that lacks some of its pixels", "save it anew");
    const isSingle = (flags & single) !== 0;
    const ofContent = contentBytes[(flags >> 6) as 0 | 1 | 2 | 3] || (isSingle ? 1 : 0);
    let at = 5 + (isSingle ? 0 : 1) + dictionaryBytes[(flags & 3) as 0 | 1 | 2 | 3];
    if (
      ofContent === 8
        ? bytes.readBigUInt64LE(at) > most
        : ofContent > 0 && bytes.readUIntLE(at, ofContent) + (ofContent === 2 ? 256 : 0) > most
    )
      throw new ImageError("a TIFF with more pixels in a block than it has room for", "save it anew");
    const sized = at;
    at += ofContent;
    for (let isLast = false; !isLast;) {
      const header = bytes.readUIntLE(at, 3);
      const type = (header >> 1) & 3;
      if (type === reserved) throw new RangeError("a reserved type");
      isLast = (header & 1) === 1;
      at += 3 + (type === repeated ? 1 : header >> 3);
    }
    at += (flags & checksum) === 0 ? 0 : 4;
    if (at > bytes.length) throw new RangeError("beyond the end");
    const frame = bytes.subarray(0, at);
    if (ofContent > 0) return [frame];
    return sizes.map((size) => {
      const [head, length] = [Buffer.from(frame.subarray(0, sized)), Buffer.alloc(4)];
      head[4] = flags | (2 << 6);
      length.writeUInt32LE(size);
      return Buffer.concat([head, length, frame.subarray(sized)]);
    });
  } catch (error) {
    if (error instanceof RangeError) throw new ImageError("a TIFF that lacks some of its pixels", "save it anew");
    throw error;
  }
}
