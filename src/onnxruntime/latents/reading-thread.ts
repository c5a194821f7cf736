/** Reads images for `encode` in a thread: gets a `Question` for each, in turn, and gives an `Answer`. */
import { parentPort, workerData } from "node:worker_threads";
import { readCentred, type Answer, type Question, type Wanted } from "./reading.ts";

let last: Promise<void> = Promise.resolve();

parentPort?.on("message", ({ id, path }: Question) => {
  // One after the other: so many images are in memory as there are threads.
  last = last.then(async () => {
    try {
      const reading = await readCentred(path, workerData as Wanted);
      const moved = reading.kind === "image" ? [reading.data.buffer as ArrayBuffer] : [];
      parentPort?.postMessage({ id, reading } satisfies Answer, moved);
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      parentPort?.postMessage({ id, failure } satisfies Answer);
    }
  });
});
