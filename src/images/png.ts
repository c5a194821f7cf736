/**
 * The chunks of a PNG, checked before its pixels are decoded: decoders differ in what they pass over. runtime/'s data/png.py has the same
 * rules.
 */
import { constants, crc32, deflateSync, inflateSync } from "node:zlib";
import { orientationOf } from "./exif.ts";
import { ImageError } from "./samples.ts";

/** Bits that a sample can have, and samples of a pixel, by colour type (PNG, third edition, §11.2.1). */
const kinds: Readonly<Record<number, { readonly bits: readonly number[]; readonly samples: number }>> = {
  0: { bits: [1, 2, 4, 8, 16], samples: 1 },
  2: { bits: [8, 16], samples: 3 },
  3: { bits: [1, 2, 4, 8], samples: 1 },
  4: { bits: [8, 16], samples: 2 },
  6: { bits: [8, 16], samples: 4 },
};
const [grey, rgb, palette] = [0, 2, 3];

const signature = "\x89PNG\r\n\x1a\n";

/** The chunks that pixels are made of. */
const ofPixels = ["IHDR", "PLTE", "tRNS", "IDAT"];

/** Beside them: what colours mean, and what is up. Where these are damaged the pixels are whole. */
const beside = ["iCCP", "eXIf"];

/** A profile is no larger. */
const maxOutputLength = 2 ** 24;

interface Png {
  /** A PNG of pixels alone. */
  readonly file: Buffer;
  readonly orientation: number;
  readonly profile: Buffer | undefined;
}

/** Throws an ImageError where a chunk that pixels need is damaged, missing or unknown; what they do not need is left out. */
export function plainPng(bytes: Buffer): Png {
  const chunks = chunksOf(bytes);
  const body = (kind: string): Buffer => chunks.find((chunk) => chunk.kind === kind)?.body ?? Buffer.alloc(0);
  const header = body("IHDR");
  if (chunks[0]?.kind !== "IHDR" || header.length !== 13) throw damaged("IHDR");
  const [bits, colour, compression, filters, interlace] = header.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  const kind = kinds[colour];
  const isEmpty = header.readUInt32BE(0) === 0 || header.readUInt32BE(4) === 0;
  if (isEmpty || kind?.bits.includes(bits) !== true || compression !== 0 || filters !== 0 || interlace > 1) throw damaged("IHDR");
  const kept = [{ kind: "IHDR", body: header }];
  const colours = body("PLTE");
  if (colour === palette) {
    if (colours.length % 3 !== 0 || colours.length === 0 || colours.length > 3 * 256) throw damaged("PLTE");
    kept.push({ kind: "PLTE", body: colours });
  }
  if (chunks.some((chunk) => chunk.kind === "tRNS") && [grey, rgb, palette].includes(colour)) {
    const { length } = body("tRNS");
    const most = colour === palette ? colours.length / 3 : 2 * kind.samples;
    if (length === 0 || length > most || (colour !== palette && length < most)) throw damaged("tRNS");
    kept.push({ kind: "tRNS", body: body("tRNS") });
  }
  const compressed = Buffer.concat(chunks.filter((chunk) => chunk.kind === "IDAT").map((chunk) => chunk.body));
  kept.push({ kind: "IDAT", body: withChecksum(compressed) }, { kind: "IEND", body: Buffer.alloc(0) });
  return {
    file: Buffer.concat([Buffer.from(signature, "latin1"), ...kept.map((each) => chunkOf(each.kind, each.body))]),
    orientation: orientationOf(body("eXIf")),
    profile: profileOf(body("iCCP")),
  };
}

/** A stream that ends before the checksum of its pixels may have all of them, and libpng wants it whole. */
function withChecksum(compressed: Buffer): Buffer {
  try {
    inflateSync(compressed);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "Z_BUF_ERROR")
      return deflateSync(inflateSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH }), { level: 1 });
  }
  return compressed;
}

interface Chunk {
  readonly kind: string;
  readonly body: Buffer;
}

/** Those of pixels and beside them. A file may end without its last, which is empty. */
function chunksOf(bytes: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature.length; at + 12 <= bytes.length;) {
    const kind = bytes.subarray(at + 4, at + 8).toString("latin1");
    const end = at + 12 + bytes.readUInt32BE(at);
    if (kind === "IEND") break;
    if (end > bytes.length) throw new ImageError("the file is cut off");
    if (ofPixels.includes(kind) || beside.includes(kind)) {
      if (crc32(bytes.subarray(at + 4, end - 4)) === bytes.readUInt32BE(end - 4))
        chunks.push({ kind, body: bytes.subarray(at + 8, end - 4) });
      else if (ofPixels.includes(kind)) throw damaged(kind);
    } else if (isCritical(kind)) {
      throw new ImageError(
        `a PNG with the chunk ${kind}, without which its pixels are not to be read, and which is unknown`,
        "save it as a PNG anew",
      );
    }
    at = end;
  }
  return chunks;
}

/** By a bit of its name's first letter. */
function isCritical(kind: string): boolean {
  return (kind.charCodeAt(0) & 32) === 0;
}

/** A chunk with its length and checksum. */
export function chunkOf(kind: string, body: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(checked));
  return Buffer.concat([length, checked, check]);
}

/** The colour profile in a chunk: a name, how it is compressed, and the profile. */
function profileOf(iccp: Buffer): Buffer | undefined {
  const named = iccp.indexOf(0);
  if (named < 0 || iccp[named + 1] !== 0) return undefined;
  try {
    return inflateSync(iccp.subarray(named + 2), { maxOutputLength });
  } catch {
    return undefined;
  }
}

function damaged(kind: string): ImageError {
  return new ImageError(`a PNG whose chunk ${kind} is damaged or missing`);
}
