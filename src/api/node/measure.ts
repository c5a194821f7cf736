import { UserError } from "../../errors/index.ts";
import { pause } from "../../errors/pause.ts";
import type { Benchmark } from "../../report/benchmark.ts";
import { progressOf, type Working } from "../working.ts";

export interface MeasureOptions extends Working {
  /** Those that inference runs, as far as they are there, by default. */
  readonly parts?: readonly string[] | undefined;
  /** Images that run at once; 1 and 8 by default. */
  readonly batches?: readonly number[] | undefined;
  /** Side of the square images; 256 by default, or the size that graphs are fixed to. */
  readonly size?: number | undefined;
  /** Execution providers of onnxruntime; all that work here by default. */
  readonly providers?: readonly string[] | undefined;
  /** Threads that one pass uses; onnxruntime's own choice by default. */
  readonly threads?: number | undefined;
  /** How often each case runs at least, 6 by default, and for how many seconds, 2 by default. */
  readonly repeats?: number | undefined;
  readonly seconds?: number | undefined;
}

/** Throws UserError where no row has numbers. */
export function requireMeasured({ rows }: Pick<Benchmark, "rows">): void {
  if (rows.some(({ error }) => error === null)) return;
  throw new UserError({
    what: "nothing could be measured",
    expected: "a row with numbers",
    found: [...new Set(rows.map(({ mode, error }) => `${mode}: ${error}`))].join("\n"),
    help: "give smaller --batches or --size where memory is short, or another --provider",
  });
}

/**
 * Speed and memory of a compiled folder's graphs in onnxruntime, each case in a process of its own, as `litevae bench --format json` prints it. Rejects with UserError
 * where the folder is not whole or has no graph.
 */
export async function measure(folder: string, options: MeasureOptions = {}): Promise<Benchmark> {
  const { signal, repeats = 6, seconds = 2, ...rest } = options;
  const { benchmark } = await import("../../onnxruntime/benchmark.ts");
  await pause(signal);
  return await benchmark({ ...rest, folder, repeats, seconds, progress: progressOf(options), signal });
}
