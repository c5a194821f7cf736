/**
 * One row of `litevae bench`, in a process of its own: its peak of memory is its own, and what ends it ends no other row. It gets a `RowRequest` as its
 * first message and answers with a `RowAnswer`.
 */
import { readFileSync } from "node:fs";
import { UserError } from "../errors/index.ts";
import { elementCount } from "../ir/shape.ts";
import { medianInterval, mostValues, type MedianInterval } from "../report/median.ts";
import { importRuntime, loadGraph, type Graph } from "./session.ts";

export interface RowRequest {
  /** Path of the graph. */
  readonly graph: string;
  /** The shapes of its inputs. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly provider: string;
  readonly threads?: number | undefined;
  /** How often it runs at least, and for how long. */
  readonly repeats: number;
  readonly seconds: number;
}

export type RowAnswer =
  | {
      readonly kind: "measured";
      readonly seconds: MedianInterval;
      readonly repeats: number;
      /** Growth of the process's resident memory in bytes; null where the system does not tell. */
      readonly peakBytes: number | null;
    }
  /** `loaded` says whether the provider took the graph. */
  | { readonly kind: "failed"; readonly loaded: boolean; readonly why: string };

async function measureRow({ graph: path, inputs, provider, threads, repeats, seconds }: RowRequest): Promise<RowAnswer> {
  // The runtime's own libraries are not the model's memory.
  await importRuntime();
  const before = process.memoryUsage.rss();
  let graph: Graph | undefined;
  try {
    graph = await loadGraph(path, { provider, threads });
    const times = await timed(graph, inputs, repeats, seconds);
    const peak = peakResident();
    return {
      kind: "measured",
      seconds: medianInterval(times),
      repeats: times.length,
      peakBytes: peak === null ? null : peak - before,
    };
  } catch (error) {
    const why = error instanceof UserError ? (error.reports[0]?.found ?? error.message) : (error as Error).message;
    return { kind: "failed", loaded: graph !== undefined, why: reason(why) };
  }
}

/** The first line, without the place in onnxruntime's sources and the condition that did not hold there. */
function reason(message: string): string {
  return message
    .split("\n", 1)
    .join("")
    .replace(/^\/onnxruntime_src\/.* was false\. /, "");
}

/** Seconds of each run after those that warm up, which take a quarter of the time more. */
async function timed(graph: Graph, shapes: RowRequest["inputs"], repeats: number, seconds: number): Promise<readonly number[]> {
  // Speed does not depend on the values, as long as they are ordinary ones.
  const inputs = Object.entries(shapes).map(
    ([name, shape]) =>
      [name, { shape, data: Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i)) }] as const,
  );
  const values = Object.fromEntries(inputs);
  const repeat = async (least: number, time: number): Promise<readonly number[]> => {
    const times: number[] = [];
    const begin = performance.now();
    while (times.length < least || (performance.now() - begin < 1000 * time && times.length < mostValues)) {
      const start = performance.now();
      await graph.run(values);
      times.push((performance.now() - start) / 1000);
    }
    return times;
  };
  await repeat(1, seconds / 4);
  return await repeat(Math.min(repeats, mostValues), seconds);
}

/** The most resident memory that this process has had. On Linux not getrusage's, which counts what the parent held when it began this one. */
function peakResident(): number | null {
  if (process.platform === "win32") return null;
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

if (process.send !== undefined) {
  process.once("message", (request: RowRequest) => {
    void measureRow(request).then((answer) => process.send?.(answer, () => process.disconnect()));
  });
  // The command has its answer, or is gone.
  process.once("disconnect", () => process.exit());
}
