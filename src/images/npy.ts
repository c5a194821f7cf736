/** Images that are arrays: numpy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
import { Float16Array } from "@petamoriken/float16";
import { must } from "../errors/must.ts";
import { ImageError, wrongChannels, type SampleArray, type Samples, type SampleType } from "./samples.ts";

const magic = "\x93NUMPY";

interface Kind {
  readonly type: SampleType;
  readonly bytes: number;
  /** From bytes in the machine's order. */
  readonly read: (buffer: ArrayBuffer) => SampleArray;
}

const kinds: Readonly<Record<string, Kind>> = {
  b1: { type: "bool", bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  u1: { type: "uint8", bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  i1: { type: "int8", bytes: 1, read: (buffer) => new Int8Array(buffer) },
  u2: { type: "uint16", bytes: 2, read: (buffer) => new Uint16Array(buffer) },
  i2: { type: "int16", bytes: 2, read: (buffer) => new Int16Array(buffer) },
  u4: { type: "uint32", bytes: 4, read: (buffer) => new Uint32Array(buffer) },
  i4: { type: "int32", bytes: 4, read: (buffer) => new Int32Array(buffer) },
  u8: { type: "uint64", bytes: 8, read: (buffer) => Float64Array.from(new BigUint64Array(buffer), Number) },
  i8: { type: "int64", bytes: 8, read: (buffer) => Float64Array.from(new BigInt64Array(buffer), Number) },
  f2: { type: "float16", bytes: 2, read: (buffer) => Float32Array.from(new Float16Array(buffer)) },
  f4: { type: "float32", bytes: 4, read: (buffer) => new Float32Array(buffer) },
  f8: { type: "float64", bytes: 8, read: (buffer) => new Float64Array(buffer) },
};

/** [H, W, C], [C, H, W], or [H, W] where there is one channel; where both ends have the right length the channels stand last. */
export function npySamples(bytes: Buffer, channels: number): Samples {
  const { kind, shape, fortran, values } = parse(bytes);
  const listed = `[${shape.join(", ")}]`;
  const last = shape.length === 3 && shape[2] === channels;
  const first = shape.length === 3 && shape[0] === channels;
  if (!last && !first && !(shape.length === 2 && channels === 1))
    throw wrongChannels(`an array ${listed}, not [H, W, ${channels}] or [${channels}, H, W]`, channels);
  if (values.length === 0) throw new ImageError(`an array ${listed} without pixels`);
  const leads = first && !last;
  const [height, width] = (leads ? shape.slice(1) : shape) as [number, number];
  const strides = stridesOf(leads ? [channels, height, width] : [height, width, channels], fortran) as [number, number, number];
  const [down, right, across] = leads ? [strides[1], strides[2], strides[0]] : strides;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const plane = values.slice(0, height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) plane[y * width + x] = values[channel * across + y * down + x * right] as number;
    }
    return plane;
  });
  return { type: kind.type, planes, height, width, isColour: false };
}

function stridesOf(shape: readonly number[], fortran: boolean): readonly number[] {
  const product = (sizes: readonly number[]): number => sizes.reduce((size, next) => size * next, 1);
  return shape.map((_, axis) => product(fortran ? shape.slice(0, axis) : shape.slice(axis + 1)));
}

interface Parsed {
  readonly kind: Kind;
  readonly shape: readonly number[];
  readonly fortran: boolean;
  readonly values: SampleArray;
}

function parse(bytes: Buffer): Parsed {
  const [wide, start] = bytes[6] === 1 ? [false, 10] : [true, 12];
  if (bytes.length < start) throw new ImageError("the file is cut off");
  const end = start + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const header = bytes.subarray(start, end).toString("latin1");
  const { order, code, sizes, fortran } = described(header);
  const kind = kinds[code];
  if (kind === undefined) throw new ImageError(`an array of ${code}`, "store integers, floats or booleans");
  const shape = Array.from(sizes.matchAll(/\d+/g), ([size]) => Number(size));
  const data = bytes.subarray(end);
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count * kind.bytes)
    throw new ImageError(
      `${data.length.toLocaleString("en")} bytes of pixels where [${shape.join(", ")}] of ${kind.type} has ${(count * kind.bytes).toLocaleString("en")}`,
    );
  const own = Buffer.from(new Uint8Array(data).buffer);
  if (order === ">" && kind.bytes > 1) swapped(own, kind.bytes);
  return { kind, shape, fortran, values: kind.read(own.buffer) };
}

/** What the header says, a dictionary in Python's words. Python 2 wrote u before texts and L behind sizes. */
function described(header: string): { order: string; code: string; sizes: string; fortran: boolean } {
  const value = (key: string, pattern: string): RegExpExecArray | null =>
    new RegExp(`[{,]\\s*u?["']${key}["']\\s*:\\s*${pattern}\\s*(?=[,}])`).exec(header);
  const keys = Array.from(header.matchAll(/[{,]\s*u?["'](\w+)["']\s*:/g), ([, key]) => key);
  const shape = value("shape", String.raw`\(((?:\s*\d+L?\s*,)*\s*(?:\d+L?)?)\s*\)`);
  const fortran = value("fortran_order", "(True|False)");
  if (keys.toSorted().join() !== "descr,fortran_order,shape" || shape === null || fortran === null)
    throw new ImageError("a damaged NPY: its header");
  const type = value("descr", String.raw`u?["']([<>|=]?)(\w+)["']`);
  const [, order = "|", name = "records"] = type ?? [];
  const code = Object.entries(kinds).find(([, kind]) => kind.type === name)?.[0] ?? name;
  return { order, code, sizes: must(shape[1], "the shape"), fortran: fortran[1] === "True" };
}

function swapped(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else bytes.swap64();
}

/** The bytes of a .npy file of float32; version 1.0, its data at a multiple of 64. */
export function npyBytes(shape: readonly number[], values: Float32Array): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const start = [Buffer.from(magic, "latin1"), Buffer.from([1, 0]), length, Buffer.from(header, "latin1")];
  return Buffer.concat([...start, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
