/** A page of a TIFF as a file of its own: libvips refuses, or reads in its own way, much that may stand around it. */
import { blockDecoder } from "./predictor.ts";
import { numbersOf, requirePixels, zstd, type Page } from "./tiff-page.ts";

/** Types of TIFF's: BYTE, SHORT and LONG. */
type Kind = 1 | 3 | 4;
const bytesOf = { 1: 1, 3: 2, 4: 4 } as const;

/** Tags that are taken over: what fax and JPEG need, the colour map, which samples are alpha, and the profile. */
const copied: readonly (readonly [tag: number, kind: Kind])[] = [
  [266, 3],
  [292, 4],
  [293, 4],
  [320, 3],
  [338, 3],
  [347, 1],
  [530, 3],
  [531, 3],
  [34675, 1],
];

/** As it is stored, samples of 8 bits or fewer; what says which way is up is left out. */
export async function fileOf(page: Page, file: Buffer): Promise<Buffer> {
  const { blocks, image, count, compression } = page;
  // libvips' libtiff is built without it.
  const isUnpacked = compression === zstd;
  const decode = blockDecoder(page);
  const stored = await Promise.all(
    blocks.offsets.map(async (offset, number) => {
      const block = file.subarray(offset, offset + (blocks.counts[number] as number));
      if (!isUnpacked) return block;
      const plain = Buffer.from(await decode(block));
      requirePixels(page, number, plain.length);
      return plain;
    }),
  );
  const fields = new Map<number, readonly [kind: Kind, values: readonly number[]]>([
    [256, [4, [page.width]]],
    [257, [4, [page.height]]],
    [258, [3, Array<number>(count).fill(page.bits)]],
    [259, [3, [isUnpacked ? 1 : compression]]],
    [262, [3, [page.photometric]]],
    [277, [3, [count]]],
    [284, [3, [blocks.planes > 1 ? 2 : 1]]],
    [317, [3, [isUnpacked ? 1 : page.predictor]]],
  ]);
  for (const [tag, kind] of copied) {
    const values = await numbersOf(image.fileDirectory, tag);
    if (values.length > 0) fields.set(tag, [kind, values]);
  }
  const parts: Buffer[] = [];
  let end = 8;
  const place = (data: Buffer): number => {
    const at = end;
    const padding = Buffer.alloc(data.length % 2);
    parts.push(data, padding);
    end += data.length + padding.length;
    return at;
  };
  fields.set(blocks.isTiled ? 324 : 273, [4, stored.map(place)]);
  fields.set(blocks.isTiled ? 325 : 279, [4, stored.map((block) => block.length)]);
  if (blocks.isTiled) fields.set(322, [4, [blocks.width]]).set(323, [4, [blocks.height]]);
  else fields.set(278, [4, [blocks.height]]);
  const entries = [...fields].sort(([a], [b]) => a - b).map(([tag, [kind, values]]) => entry(tag, kind, values, place));
  const head = Buffer.from("II*\0\0\0\0\0", "latin1");
  head.writeUInt32LE(end, 4);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(entries.length);
  return Buffer.concat([head, ...parts, length, ...entries, Buffer.alloc(4)]);
}

/** A field of a directory, whose values lie elsewhere where they are more than four bytes. */
function entry(tag: number, kind: Kind, values: readonly number[], place: (data: Buffer) => number): Buffer {
  const size = bytesOf[kind];
  const data = Buffer.alloc(Math.max(4, values.length * size));
  values.forEach((value, i) => data.writeUIntLE(value, i * size, size));
  const field = Buffer.alloc(12);
  field.writeUInt16LE(tag);
  field.writeUInt16LE(kind, 2);
  field.writeUInt32LE(values.length, 4);
  if (data.length > 4) field.writeUInt32LE(place(data), 8);
  else data.copy(field, 8);
  return field;
}
