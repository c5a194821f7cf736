import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expectFixedSize, inputShapes, openCompiled } from "../artifact/compiled-folder.ts";
import type { Manifest } from "../compiler/manifest.ts";
import { isInference, type Config } from "../compiler/config.ts";
import { UserError } from "../errors/index.ts";
import { isOutOfMemory } from "../errors/memory.ts";
import { pause } from "../errors/pause.ts";
import { installation } from "../ir/installation.ts";
import type { Benchmark, BenchmarkRow } from "../report/benchmark.ts";
import { requireSquare } from "./autoencoder.ts";
import type { RowAnswer, RowRequest } from "./benchmark-row.ts";
import { hardware } from "./hardware.ts";
import { checkProviders, importRuntime } from "./session.ts";

export interface BenchmarkOptions {
  /** Folder that `compile` wrote, with at least one graph. */
  readonly folder: string;
  /** Those that inference runs, as far as they are there, where none is named. */
  readonly parts?: readonly string[] | undefined;
  readonly batches?: readonly number[] | undefined;
  /** Side of the square images; latents are of such images. */
  readonly size?: number | undefined;
  /** Execution providers; all that work here where none is named. */
  readonly providers?: readonly string[] | undefined;
  readonly threads?: number | undefined;
  readonly repeats: number;
  readonly seconds: number;
  readonly progress: (doing: string) => void;
  /** Stops the work, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** How a row is measured; by default in a process of its own. */
  readonly measure?: (request: RowRequest, signal?: AbortSignal) => Promise<RowAnswer>;
}

interface Case {
  readonly part: string;
  readonly provider: string;
  readonly batch: number;
}

/** Speed and memory of a compiled folder's graphs in onnxruntime. */
export async function benchmark(options: BenchmarkOptions): Promise<Benchmark> {
  const { threads } = options;
  const runtime = await importRuntime();
  const { manifest, config, parts } = open(options);
  const { batches, size } = measuredSizes(options, manifest);
  requireSquare(size, config, parts);
  const supported = runtime.listSupportedBackends().map(({ name }) => name);
  const providers = options.providers ?? supported;
  checkProviders(providers, supported);
  const cases = parts.flatMap((part) => providers.flatMap((provider) => batches.map((batch) => ({ part, provider, batch }))));
  const { rows, unusable } = await measureCases(cases, manifest, { ...options, size });
  return {
    format: "litevae-benchmark-1",
    model: manifest.model,
    runtime: `onnxruntime ${runtime.env.versions.node ?? runtime.env.versions.common}`,
    hardware: hardware(
      providers.filter((provider) => !unusable.has(provider)),
      threads,
    ),
    size,
    precision: manifest.precision ?? "fp32",
    memory:
      "growth of the process's resident memory: weights, input, output, activations, workspace; not measured where it is not the CPU's",
    rows,
  };
}

/** What is measured where nobody says. */
const usual = { batches: [1, 8], size: 256 } as const;

/** Graphs that are fixed to a size are measured at that one. */
function measuredSizes(
  { folder, batches, size }: BenchmarkOptions,
  manifest: Manifest,
): { readonly batches: readonly number[]; readonly size: number } {
  const asked = (batches ?? [undefined]).map((batch) => expectFixedSize(folder, manifest, { batch, height: size, width: size }));
  const [fixed] = asked;
  if (fixed === undefined) return { batches: batches ?? usual.batches, size: size ?? usual.size };
  const [batch, height, width] = fixed;
  if (height === width) return { batches: [batch], size: height };
  throw new UserError({
    what: "bench measures square images",
    found: `graphs of ${height}×${width} alone (--fixed)`,
    help: "compile them without --fixed, or for a square",
  });
}

/** A row for every case. A provider that takes no graph here is tried once, and has rows only where it was asked for. */
async function measureCases(
  cases: readonly Case[],
  manifest: Manifest,
  {
    folder,
    providers,
    size,
    threads,
    repeats,
    seconds,
    progress,
    signal,
    measure = inNewProcess,
  }: BenchmarkOptions & { readonly size: number },
): Promise<{ readonly rows: readonly BenchmarkRow[]; readonly unusable: ReadonlyMap<string, RowAnswer> }> {
  const unusable = new Map<string, RowAnswer>();
  const rows: BenchmarkRow[] = [];
  for (const [i, each] of cases.entries()) {
    const { part, provider, batch } = each;
    let answer = unusable.get(provider);
    if (answer === undefined) {
      await pause(signal);
      progress(`[${i + 1}/${cases.length}] ${part}, ${provider}, batch ${batch}`);
      const graph = join(folder, `${part}.onnx`);
      const inputs = inputShapes(folder, manifest, part, { N: batch, H: size, W: size });
      answer = await measure({ graph, inputs, provider, threads, repeats, seconds }, signal);
      // Every graph runs on the CPU: where one does not load there, the provider is not what is missing.
      if (answer.kind === "failed" && !answer.loaded && provider !== "cpu" && !isOutOfMemory(answer.why)) {
        unusable.set(provider, answer);
        progress(`onnxruntime cannot use ${provider} here: ${answer.why}`);
      }
    }
    if (providers !== undefined || !unusable.has(provider)) rows.push(rowOf(each, answer));
  }
  return { rows, unusable };
}

function open({ folder, parts: wanted }: BenchmarkOptions): {
  readonly manifest: Manifest;
  readonly config: Config;
  readonly parts: readonly string[];
} {
  const { manifest, config } = openCompiled(folder, []);
  const compiled = Object.keys(manifest.parts);
  const inference = compiled.filter((part) => isInference(config, part));
  const there = inference.filter((part) => Object.hasOwn(manifest.files, `${part}.onnx`));
  // Of a folder without graphs the error names one that a compile would bring.
  const parts =
    wanted?.toSorted((a, b) => compiled.indexOf(a) - compiled.indexOf(b)) ??
    (there.length === 0 ? [...inference, ...compiled].slice(0, 1) : there);
  return {
    ...openCompiled(
      folder,
      parts.map((part) => `${part}.onnx`),
    ),
    parts,
  };
}

function rowOf({ part, provider, batch }: Case, answer: RowAnswer): BenchmarkRow {
  if (answer.kind === "measured") {
    const { median, low, high } = answer.seconds;
    return {
      part,
      mode: provider,
      batch,
      images_per_second: batch / median,
      seconds_median: median,
      seconds_low: low,
      seconds_high: high,
      repeats: answer.repeats,
      peak_memory_bytes: provider === "cpu" ? answer.peakBytes : null,
      error: null,
    };
  }
  return {
    part,
    mode: provider,
    batch,
    images_per_second: null,
    seconds_median: null,
    seconds_low: null,
    seconds_high: null,
    repeats: 0,
    peak_memory_bytes: null,
    error: isOutOfMemory(answer.why) ? "out of memory" : answer.why,
  };
}

const program = fileURLToPath(new URL("src/onnxruntime/benchmark-row.js", installation));

/** Measures in a new process; one that gives no answer was ended by the system. */
async function inNewProcess(request: RowRequest, signal?: AbortSignal): Promise<RowAnswer> {
  // What the runtime's libraries write about devices that are not there would stand between lines of progress.
  const child = fork(program, { stdio: ["ignore", "ignore", "ignore", "ipc"], ...(signal && { signal }) });
  return await new Promise((resolve, reject) => {
    let answer: RowAnswer | undefined;
    child.once("message", (message) => (answer = message as RowAnswer));
    child.once("error", (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
    child.once("exit", (code, signal) => {
      const why =
        signal === "SIGKILL"
          ? "out of memory: the system ended its process"
          : `its process ended with ${signal ?? `exit code ${code}`}`;
      resolve(answer ?? { kind: "failed", loaded: true, why });
    });
    child.send(request);
  });
}
