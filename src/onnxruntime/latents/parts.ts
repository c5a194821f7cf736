/** Files of latents as they are made: what is known of each lies beside it, until the manifest has it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256OfFile } from "../../artifact/file-hash.ts";
import { opened, sealed } from "../../artifact/sealed.ts";
import { writeWhole, writeWholeText } from "../../artifact/whole-file.ts";
import { UserError } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import { encodeStored, type StoredTensor } from "../../weights/safetensors.ts";
import type { GraphValue } from "../session.ts";
import { mirrored, partName, partsFolder, shardName } from "./layout.ts";
import { storedTypes, type DTypeName, type Stored } from "./stored.ts";
import { joined, noSums, sumsOf, type Sums } from "./sums.ts";

export interface CorruptImage {
  /** Its place in the set, from 0. */
  readonly position: number;
  /** Its path in the folder of images. */
  readonly name: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** A file that is whole; `file` is null where all of its images are corrupt. */
export interface Part {
  readonly number: number;
  readonly file: string | null;
  readonly file_sha256: string | null;
  readonly bytes: number;
  readonly images: number;
  readonly enlarged: number;
  readonly corrupt: readonly CorruptImage[];
  readonly sums: Sums;
  /** Of the processor that encoded it, whose last bits they decide; null of other devices, and absent where an older version wrote it. */
  readonly threads?: number | null;
}

/** Of a file that lies there as it was written; undefined where it has to be made. */
export function readPart(folder: string, number: number, key: string): Part | undefined {
  try {
    const { key: found, ...part } = opened(readFileSync(join(folder, partsFolder, partName(number)), "utf8"));
    if (found !== key) return undefined;
    const { file, file_sha256: hash } = part as unknown as Part;
    return file === null || hasHash(join(folder, file), hash) ? (part as unknown as Part) : undefined;
  } catch {
    return undefined;
  }
}

/** What a person is told where files were made with other numbers of threads than this process has. */
export function otherThreads(found: readonly Part[], threads: number | null): string | undefined {
  const others = [...new Set(found.map((part) => part.threads ?? threads))].filter((count) => count !== threads);
  if (threads === null || others.length === 0) return undefined;
  return (
    `existing files were made with ${others.join(" and ")} ${others.join() === "1" ? "thread" : "threads"}, and new ones ` +
    `with ${threads} (--threads): their last bits may differ from those of one encoding`
  );
}

/** Whether a file is there with the bytes of this SHA-256. */
export function hasHash(path: string, sha256: string | null): boolean {
  return existsSync(path) && sha256OfFile(path) === sha256;
}

/** Of moments by their names, and of those of mirrored images where there are any. */
function sumsOfAll(values: ReadonlyMap<string, Float32Array>, { tensors, channels, height, width }: Form): Sums {
  const of = (names: readonly string[]): Sums => {
    const [mean, logvar] = names.map((name) => values.get(name));
    return mean === undefined ? noSums(channels) : sumsOf(mean, logvar, channels, height * width);
  };
  return joined(of(tensors), of(tensors.map(mirrored)));
}

/** What an encoder gives of an image. */
export interface Form {
  /** Names under which it is stored: means and log-variances, or the latent alone. */
  readonly tensors: readonly string[];
  /** Of the latent. */
  readonly channels: number;
  /** Of the latent. */
  readonly height: number;
  /** Of the latent. */
  readonly width: number;
  /** Of the stored numbers. */
  readonly dtype: DTypeName;
}

/** What is encoded of one file, in the order of the images. */
export class Rows {
  readonly #form: Form;
  readonly #threads: number | null;
  readonly #moments = new Map<string, Stored[]>();
  readonly #images: { readonly position: number; readonly name: string; readonly label: number }[] = [];
  readonly #corrupt: CorruptImage[] = [];
  #enlarged = 0;

  constructor(form: Form, threads: number | null) {
    this.#form = form;
    this.#threads = threads;
  }

  /** An image whose moments are in what `add` is given. */
  note(image: { readonly position: number; readonly name: string; readonly label: number }, enlarged: boolean): void {
    this.#images.push(image);
    if (enlarged) this.#enlarged++;
  }

  leaveOut(image: CorruptImage): void {
    this.#corrupt.push(image);
  }

  /** Moments [N, C, h, w], one for each of `tensors`, of images or of the mirrored ones. */
  add(moments: readonly GraphValue[], isMirrored: boolean): void {
    const { tensors, channels, height, width } = this.#form;
    moments.forEach(({ data, shape }, i) => {
      if (shape.slice(1).join() !== [channels, height, width].join())
        throw new Error(`latents [${shape.slice(1).join(", ")}] instead of [${channels}, ${height}, ${width}]`);
      const name = must(tensors[i], "the name of an output");
      const key = isMirrored ? mirrored(name) : name;
      const list = this.#moments.get(key) ?? [];
      list.push(this.#packed(data));
      this.#moments.set(key, list);
    });
  }

  #packed(data: Float32Array): Stored {
    const { dtype } = this.#form;
    const { pack, unpack } = storedTypes[dtype];
    const isWide = data.every(Number.isFinite);
    const stored = isWide ? pack(data) : undefined;
    if (stored !== undefined && unpack(stored).every(Number.isFinite)) return stored;
    const most = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    throw new UserError({
      what: isWide ? `the encoder gives numbers that ${dtype} does not hold` : "the encoder gives numbers that are not finite",
      expected: "finite numbers",
      found: isWide ? `up to ${Number(most.toPrecision(6))}` : "NaN or infinity",
      help: isWide ? "give --dtype float32 or bfloat16" : "check the weights, and compile without --precision fp16",
    });
  }

  /** Writes the file, and then what is known of it. */
  write(folder: string, number: number, key: string): Part {
    const kinds = [...this.#moments].map(([name, list]) => [name, unpacked(list, this.#form.dtype)] as const);
    const file = this.#images.length === 0 ? null : shardName(number);
    const written = file === null ? { bytes: 0, sha256: null } : writeWhole(join(folder, file), encodeStored(this.#tensors()));
    const part: Part = {
      number,
      file,
      file_sha256: written.sha256,
      bytes: written.bytes,
      images: this.#images.length,
      enlarged: this.#enlarged,
      corrupt: this.#corrupt,
      sums: sumsOfAll(new Map(kinds), this.#form),
      threads: this.#threads,
    };
    writeWholeText(join(folder, partsFolder, partName(number)), sealed({ key, ...part }));
    return part;
  }

  /** Numbers of 8 bytes first: in this order each begins at a multiple of its size. */
  #tensors(): readonly StoredTensor[] {
    const images = this.#images;
    const { channels, height, width, dtype } = this.#form;
    const names = images.map(({ name }) => Buffer.from(name));
    const whole = (name: string, values: readonly number[]): StoredTensor => ({
      name,
      shape: [images.length],
      type: "I64",
      bytes: () => bytesOf(BigInt64Array.from(values, BigInt)),
    });
    let end = 0;
    return [
      whole(
        "label",
        images.map(({ label }) => label),
      ),
      whole(
        "position",
        images.map(({ position }) => position),
      ),
      whole(
        "name_end",
        names.map((name) => (end += name.length)),
      ),
      ...[...this.#moments].map(([name, list]) => ({
        name,
        shape: [images.length, channels, height, width],
        type: storedTypes[dtype].type,
        bytes: () => Buffer.concat(list.map(bytesOf)),
      })),
      {
        name: "name",
        shape: [names.reduce((sum, { length }) => sum + length, 0)],
        type: "U8",
        bytes: () => Buffer.concat(names),
      },
    ];
  }
}

function unpacked(list: readonly Stored[], dtype: DTypeName): Float32Array {
  const pieces = list.map(storedTypes[dtype].unpack);
  const values = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    values.set(piece, end);
    end += piece.length;
  }
  return values;
}

function bytesOf({ buffer, byteOffset, byteLength }: Stored | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
