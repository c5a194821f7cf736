import { availableParallelism } from "node:os";
import type { Note } from "../../errors/index.ts";
import type { LatentsManifest } from "../../onnxruntime/latents/manifest.ts";
import type { DTypeName } from "../../onnxruntime/latents/stored.ts";
import type { Pace } from "../../onnxruntime/latents/told.ts";
import type { PixelOptions } from "../../recipe/pixels.ts";
import type { Working } from "../working.ts";

export interface EncodeOptions extends Working {
  /** Side of the images: the shorter side is resized to it, and the centre cut out; 256 by default, or the size that graphs are fixed to. */
  readonly size?: number | undefined;
  /** Whether the mirrored images are encoded too; false by default. */
  readonly flip?: boolean | undefined;
  /** Of the stored moments; "float32" by default. */
  readonly dtype?: DTypeName | undefined;
  /** Images in a file, 1024 by default; a kill costs the file that is being made. */
  readonly shardImages?: number | undefined;
  /** Images at once; 16 by default, or the batch that graphs are fixed to. */
  readonly batch?: number | undefined;
  /** Threads that read images; one a core, at most 4, by default. */
  readonly workers?: number | undefined;
  /** Execution provider of onnxruntime; its own choice by default. */
  readonly provider?: string | undefined;
  /** Threads of a graph on the CPU; onnxruntime's own choice by default. */
  readonly threads?: number | undefined;
  /** What samples mean, where it is not what config.json says. */
  readonly pixels?: PixelOptions | undefined;
  /** Called at once with what a person should know of the work; all of it is in `notes` as well. */
  readonly note?: ((note: Note) => void) | undefined;
}

/** Latents that lie in a folder, as `litevae encode --format json` prints it. */
export interface EncodedFolder {
  /** As it was given. */
  readonly folder: string;
  /** What the folder's manifest.json says: settings, images, statistics, and the SHA-256 of every file. */
  readonly manifest: LatentsManifest;
  /** What was encoded now; null where the folder held the latents already. */
  readonly encoded: EncodedNow | null;
  /** What a person should know. */
  readonly notes: readonly Note[];
}

/** What one call encoded. */
export interface EncodedNow extends Pace {
  /** Images at once. */
  readonly batch: number;
}

/** Threads that read images where nobody says. */
export const usualWorkers = Math.min(4, availableParallelism());

/**
 * Encodes a folder of images with the graphs of a compiled folder: moments of the latents, labels and statistics, as docs/latents.md has them. What an unfinished
 * `output` holds stays, and the rest is made. The signal stops it after the file that is being made. Rejects with UserError where the compiled folder, the images
 * or `output` are wrong.
 */
export async function encode(
  folder: string,
  images: string,
  output: string,
  options: EncodeOptions = {},
): Promise<EncodedFolder> {
  const { flip = false, dtype = "float32", shardImages = 1024, workers = usualWorkers, pixels = {}, progress, signal } = options;
  const { size, batch, provider, threads } = options;
  const notes: Note[] = [];
  const note = (each: Note): void => {
    notes.push(each);
    options.note?.(each);
  };
  const [{ encode: run }, { log, notesOf }] = await Promise.all([
    import("../../onnxruntime/latents/encode.ts"),
    import("../../onnxruntime/latents/told.ts"),
  ]);
  const given = { folder, images, out: output, size, flip, dtype, shardImages, batch, workers, provider, threads, pixels };
  const done = await run({ ...given, progress: progress ?? ignored, note, signal });
  await log(done, given);
  notesOf(done).forEach(note);
  const { manifest, timing } = done;
  const encoded = timing && { batch: done.batch, images: timing.images, seconds: timing.seconds, waitedSeconds: timing.waited };
  return { folder: output, manifest, encoded: encoded ?? null, notes };
}

function ignored(): void {
  // Nobody asked for it.
}
