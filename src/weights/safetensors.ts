/** The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes. */
import { must } from "../errors/must.ts";
import { UserError } from "../errors/index.ts";
import { elementCount } from "../ir/shape.ts";
import { bytesOf, tensorOf, type DType, type Tensor } from "../ir/tensor.ts";

const dtypeNames = { float32: "F32", int64: "I64" } as const satisfies Record<DType, string>;
const bytesPerElement: ReadonlyMap<string, number> = new Map([
  ["F64", 8],
  ["F32", 4],
  ["F16", 2],
  ["BF16", 2],
  ["I64", 8],
]);
const headerLimit = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly load: () => Tensor;
}

/** Types that are written, and bytes of an element. */
const writtenTypes = { F32: 4, F16: 2, BF16: 2, I64: 8, U8: 1 } as const;

/** A tensor of a type that only files have. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: keyof typeof writtenTypes;
  readonly bytes: () => Uint8Array;
}

/** The file in pieces, tensors in the given order. */
export function encodeSafetensors(tensors: readonly NamedTensor[]): Generator<Uint8Array> {
  return encodeStored(
    tensors.map(({ name, shape, dtype, load }) => ({ name, shape, type: dtypeNames[dtype], bytes: () => bytesOf(load()) })),
  );
}

/** The same, of tensors of any type. */
export function* encodeStored(tensors: readonly StoredTensor[]): Generator<Uint8Array> {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const { name, shape, type } of tensors) {
    const end = offset + elementCount(shape) * writtenTypes[type];
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = JSON.stringify(header);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  yield length;
  yield text;
  for (const { bytes } of tensors) yield bytes();
}

/** Where a file's bytes come from: memory, or a disk. */
export interface ByteSource {
  /** What messages call it, such as its path. */
  readonly name: string;
  readonly size: number;
  /** A copy of `length` bytes that lie inside, from `position` on. */
  read(position: number, length: number): Uint8Array<ArrayBuffer>;
}

/** A safetensors file: the header is checked whole when it is opened, tensors are read when asked for. */
export class Safetensors {
  readonly name: string;
  readonly #source: ByteSource;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #start: number;

  /** Throws UserError where the header, or what it says of the file, is wrong. */
  constructor(source: ByteSource) {
    this.name = source.name;
    this.#source = source;
    const { entries, start } = readHeader(source);
    this.#entries = entries;
    this.#start = start;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  shapeOf(name: string): readonly number[] {
    return this.#entry(name).shape;
  }

  /** What `read` gives: int64 for itself, float32 for every float. */
  dtypeOf(name: string): DType {
    return this.#entry(name).dtype === dtypeNames.int64 ? "int64" : "float32";
  }

  /** The tensor in float32 (half, bfloat16 and double are converted), or int64 as it is. */
  read(name: string): Tensor {
    const { dtype, shape, data_offsets } = this.#entry(name);
    const [begin, end] = data_offsets;
    return tensorOf(shape, decode(dtype, this.#source.read(this.#start + begin, end - begin).buffer));
  }

  /** `name` is one of `names`. */
  #entry(name: string): Entry {
    return must(this.#entries.get(name), `${name} of ${this.name}`);
  }
}

function readHeader({ name: path, size, read }: ByteSource): { entries: Map<string, Entry>; start: number } {
  const fail = (what: string, found?: string): never => {
    throw new UserError({
      what: `${path} is not a whole safetensors file: ${what}`,
      ...(found === undefined ? {} : { found }),
      help: "copy or save the file again",
    });
  };
  if (size < 8) return fail("it is shorter than its first field", `${size} bytes`);
  const head = read(0, 8);
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  if (length > headerLimit && isPickle(head)) {
    throw new UserError({
      what: `${path} is not a safetensors file`,
      expected: "a header length, a JSON header, tensors",
      found: "what torch.save writes",
      help: "convert it in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), OUT)",
    });
  }
  if (length > headerLimit || 8 + length > size)
    return fail("its header is longer than the file", `a header of ${length} bytes in ${size}`);
  const text = read(8, length);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    return fail("its header is not JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return fail("its header is not an object");
  const entries = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(json)) {
    if (name === "__metadata__") continue;
    if (!isEntry(entry)) return fail(`the entry ${name} is malformed`, JSON.stringify(entry).slice(0, 120));
    const bytes = bytesPerElement.get(entry.dtype);
    if (bytes === undefined) {
      throw new UserError({
        what: `${name} in ${path} has a type that is not read`,
        expected: [...bytesPerElement.keys()].join(", "),
        found: entry.dtype,
        help: "save the weights in one of these types",
      });
    }
    const [begin, end] = entry.data_offsets;
    if (end - begin !== elementCount(entry.shape) * bytes)
      return fail(`${name} has another size than its shape [${entry.shape.join(", ")}] needs`, `${end - begin} bytes`);
    if (8 + length + end > size)
      return fail(`${name} reaches beyond the end of the file`, `${8 + length + end} bytes of ${size}`);
    entries.set(name, entry);
  }
  let used = 0;
  const inOrder = [...entries].sort(([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]);
  for (const [name, entry] of inOrder) {
    const [begin, end] = entry.data_offsets;
    // As the format demands: no byte is without a tensor, none has two.
    if (begin !== used) return fail(`${name} does not begin where the tensor before it ends`, `byte ${begin} instead of ${used}`);
    used = end;
  }
  if (8 + length + used !== size) return fail("it goes on behind its last tensor", `${size - 8 - length - used} bytes more`);
  return { entries, start: 8 + length };
}

/** A zip archive, as torch.save writes it since version 1.6, or the bare pickle of before. */
function isPickle(head: Uint8Array): boolean {
  return (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4) || (head[0] === 0x80 && (head[1] ?? 9) <= 5);
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  const counts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0);
  return (
    typeof dtype === "string" &&
    counts(shape) &&
    counts(offsets) &&
    offsets.length === 2 &&
    (offsets[0] as number) <= (offsets[1] as number)
  );
}

function decode(dtype: string, buffer: ArrayBuffer): Float32Array | BigInt64Array {
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "I64":
      return new BigInt64Array(buffer);
    case "BF16": {
      const words = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return new Float32Array(words.buffer);
    }
    default:
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
  }
}

/** IEEE 754 binary16. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
