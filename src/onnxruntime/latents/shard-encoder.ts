/** Encodes files of latents, each in batches that never cross into another: the same bytes whatever was there before. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import type { ImageSet } from "../../images/listing.ts";
import type { Graph, GraphValue } from "../session.ts";
import { spread } from "./fingerprint.ts";
import { Rows, type Form, type Part } from "./parts.ts";
import { readerOf, type Reader, type Reading, type Wanted } from "./reading.ts";

/** Of what was encoded: seconds in all, those in which the encoder waited for images, and what of [-1, 1] they used. */
export interface Timing {
  images: number;
  seconds: number;
  waited: number;
  least: number;
  most: number;
  /** What helps images that could not be used: each help, and how many it is for. */
  readonly helps: Map<string, number>;
}

export interface ShardEncoderOptions {
  readonly graph: Graph;
  readonly input: string;
  /** The graph's outputs by the names under which they are stored. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly form: Form;
  readonly set: ImageSet;
  readonly labels: readonly number[];
  readonly wanted: Wanted;
  readonly flip: boolean;
  readonly batch: number;
  /** Whether the graph takes no other number of images. */
  readonly isFixed: boolean;
  readonly shardImages: number;
  readonly workers: number;
  /** Of the processor; null of other devices. */
  readonly threads: number | null;
  readonly progress: (doing: string) => void;
}

/** Batches that are read while one is encoded. */
const ahead = 2;

/** So many images, evenly spread, are looked for to tell missing storage from missing files. */
const looks = 8;

/** Seconds between lines of progress. */
const pace = 10;

type Batch = readonly { readonly position: number; readonly reading: Reading }[];

export class ShardEncoder {
  readonly #options: ShardEncoderOptions;

  constructor(options: ShardEncoderOptions) {
    this.#options = options;
  }

  /** Makes the files of these numbers, up to the one after which `ends` is true. UserError where numbers are not finite, or the images have gone. */
  async encode(
    numbers: readonly number[],
    folder: string,
    key: string,
    ends: () => boolean,
  ): Promise<{ readonly made: readonly Part[]; readonly timing: Timing }> {
    const { form, wanted, workers, progress } = this.#options;
    const timing: Timing = { images: 0, seconds: 0, waited: 0, least: Infinity, most: -Infinity, helps: new Map() };
    const total = numbers.flatMap((number) => this.#batches(number)).reduce((sum, { length }) => sum + length, 0);
    const made: Part[] = [];
    const reader = readerOf(wanted, total === 0 ? 0 : workers);
    const begin = performance.now();
    let [done, told] = [0, begin];
    try {
      const batches = this.#read(reader, numbers);
      for (const number of numbers) {
        if (ends()) break;
        const rows = new Rows(form, this.#options.threads);
        for (const { length } of this.#batches(number)) {
          const asked = performance.now();
          const { value } = await batches.next();
          timing.waited += (performance.now() - asked) / 1000;
          await this.#add(rows, value as Batch, timing);
          done += length;
          if (performance.now() - told < 1000 * pace) continue;
          told = performance.now();
          const rate = (1000 * done) / (told - begin);
          progress(`${done.toLocaleString("en")} of ${total.toLocaleString("en")} images, ${rate.toFixed(1)} images/s`);
        }
        made.push(rows.write(folder, number, key));
      }
    } finally {
      await reader.close();
    }
    timing.seconds = (performance.now() - begin) / 1000;
    return { made, timing };
  }

  /** The positions of a file's images, in batches. */
  #batches(number: number): readonly (readonly number[])[] {
    const { set, batch, shardImages } = this.#options;
    const first = number * shardImages;
    const last = Math.min(first + shardImages, set.names.length);
    return Array.from({ length: Math.ceil((last - first) / batch) }, (_, i) => {
      const from = first + i * batch;
      return Array.from({ length: Math.min(batch, last - from) }, (__, j) => from + j);
    });
  }

  async *#read(reader: Reader, numbers: readonly number[]): AsyncGenerator<Batch, undefined> {
    const { set } = this.#options;
    const begun: Promise<Batch>[] = [];
    const start = (positions: readonly number[]): Promise<Batch> => {
      const read = async (position: number): Promise<Batch[number]> => ({
        position,
        reading: await reader.read(join(set.place, must(set.names[position], "the name of an image"))),
      });
      const batch = Promise.all(positions.map(read));
      // Who waits for it has its error.
      batch.catch(() => undefined);
      return batch;
    };
    for (const positions of numbers.flatMap((number) => this.#batches(number))) {
      begun.push(start(positions));
      if (begun.length > ahead) yield await must(begun.shift(), "a batch");
    }
    for (const batch of begun) yield await batch;
    return undefined;
  }

  async #add(rows: Rows, batch: Batch, timing: Timing): Promise<void> {
    const { set, labels, flip } = this.#options;
    const images: Float32Array[] = [];
    for (const { position, reading } of batch) {
      const name = must(set.names[position], "the name of an image");
      if (reading.kind === "none") {
        if (reading.isGone) this.#requireStorage(`${name}: ${reading.reason}`);
        timing.helps.set(reading.help, (timing.helps.get(reading.help) ?? 0) + 1);
        rows.leaveOut({ position, name, reason: reading.reason });
        continue;
      }
      rows.note({ position, name, label: must(labels[position], "a label") }, reading.enlarged);
      for (const value of reading.data) {
        if (value < timing.least) timing.least = value;
        if (value > timing.most) timing.most = value;
      }
      images.push(reading.data);
    }
    timing.images += images.length;
    if (images.length === 0) return;
    rows.add(await this.#moments(images), false);
    if (flip) rows.add(await this.#moments(images.map((image) => this.#flipped(image))), true);
  }

  /** UserError where none of a few images, evenly spread, can be read: then it is not this one that has gone. */
  #requireStorage(found: string): void {
    const { names, place } = this.#options.set;
    const isThere = (name: string): boolean => {
      try {
        readFileSync(join(place, name));
        return true;
      } catch {
        return false;
      }
    };
    if (spread(names, looks).some(isThere)) return;
    throw new UserError({
      what: `the images of ${place} can no longer be read`,
      found,
      help: "check that the storage is still there, and run the same command again: it continues",
    });
  }

  async #moments(images: readonly Float32Array[]): Promise<readonly GraphValue[]> {
    const { graph, input, outputs, wanted, batch, isFixed } = this.#options;
    const area = must(images[0], "an image").length;
    // A graph of one batch alone is given zeros beside the last images.
    const count = isFixed ? batch : images.length;
    const data = new Float32Array(count * area);
    images.forEach((image, i) => data.set(image, i * area));
    const found = await graph.run({ [input]: { data, shape: [count, wanted.channels, wanted.side, wanted.side] } });
    return Object.entries(outputs).map(([name, output]) => {
      const { data: values, shape } = must(found[output], `the output ${output}`);
      const kept = values.subarray(0, (values.length / count) * images.length);
      return { data: name === "logvar" ? kept.map(limited) : kept, shape: [images.length, ...shape.slice(1)] };
    });
  }

  #flipped(image: Float32Array): Float32Array {
    const { side } = this.#options.wanted;
    const result = new Float32Array(image.length);
    for (let at = 0; at < image.length; at += side) result.set(image.slice(at, at + side).reverse(), at);
    return result;
  }
}

/** Of a log-variance, as diffusers' posterior limits it. */
function limited(value: number): number {
  return Math.min(20, Math.max(-30, value));
}
