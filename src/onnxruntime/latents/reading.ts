/** Images read ahead of the encoder, in threads of their own: onnxruntime holds the main one while a graph runs. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { centredImage } from "../../images/centred.ts";
import { ImageError, repair } from "../../images/samples.ts";
import { InternalError, must } from "../../errors/must.ts";
import { installation } from "../../ir/installation.ts";
import type { PixelRule } from "../../recipe/pixels.ts";

/** What is the same for all images. */
export interface Wanted {
  readonly channels: number;
  readonly rule: PixelRule;
  readonly side: number;
}

/** An image [channels, side, side] in [-1, 1], or why there is none; `isGone` is whether the bytes could not be read. */
export type Reading =
  | { readonly kind: "image"; readonly data: Float32Array; readonly enlarged: boolean }
  | { readonly kind: "none"; readonly reason: string; readonly help: string; readonly isGone: boolean };

export async function readCentred(path: string, { channels, rule, side }: Wanted): Promise<Reading> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return {
      kind: "none",
      reason: (error as Error).message.replace(/^[A-Z0-9]+: |, \w+(?: '.*')?$/gs, ""),
      help: repair,
      isGone: true,
    };
  }
  try {
    return { kind: "image", ...(await centredImage(bytes, channels, rule, side)) };
  } catch (error) {
    if (error instanceof ImageError) return { kind: "none", reason: error.message, help: error.help, isGone: false };
    throw error;
  }
}

export interface Reader {
  read(path: string): Promise<Reading>;
  close(): Promise<void>;
}

/** A question to a thread, and its answer. */
export interface Question {
  readonly id: number;
  readonly path: string;
}
export type Answer = { readonly id: number } & ({ readonly reading: Reading } | { readonly failure: string });

const program = fileURLToPath(new URL("src/onnxruntime/latents/reading-thread.js", installation));

/** Reads in so many threads, which are given images in turn; in this one where there is none. */
export function readerOf(wanted: Wanted, threads: number): Reader {
  if (threads === 0) return { read: (path) => readCentred(path, wanted), close: () => Promise.resolve() };
  const waiting = new Map<number, { readonly resolve: (reading: Reading) => void; readonly reject: (error: Error) => void }>();
  let failed: Error | undefined;
  const fail = (error: Error): void => {
    failed = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(program, { workerData: wanted });
    worker.on("message", (answer: Answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ("reading" in answer) asked?.resolve(answer.reading);
      else asked?.reject(new InternalError(answer.failure));
    });
    worker.on("error", fail);
    return worker;
  });
  let count = 0;
  return {
    read: (path) =>
      new Promise((resolve, reject) => {
        // Nobody would answer.
        if (failed !== undefined) {
          reject(failed);
          return;
        }
        const id = count++;
        waiting.set(id, { resolve, reject });
        must(workers[id % threads], "a reading thread").postMessage({ id, path } satisfies Question);
      }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
