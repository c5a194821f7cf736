/** What was measured of a model's speed and memory: one format of `litevae bench` and of a package's benchmark. */
import { paper } from "../paper/figures.ts";
import { jsonText, type ReportFormat } from "./format.ts";
import { csvTable, left, markdownTable, right, textTable, type Grid } from "./grid.ts";
import { leastForInterval } from "./median.ts";
import { integer, significant } from "./numbers.ts";

/** A row of numbers, or of the reason why there are none. */
export interface BenchmarkRow {
  /** Of the model. */
  readonly part: string;
  /** An execution provider of onnxruntime; eager or compiled in PyTorch. */
  readonly mode: string;
  /** Images at a time. */
  readonly batch: number;
  /** The batch over seconds_median; null where nothing could be measured, as the next four. */
  readonly images_per_second: number | null;
  /** Of one pass over the batch, with the 95 % interval of its median. */
  readonly seconds_median: number | null;
  /** Lower end of the interval. */
  readonly seconds_low: number | null;
  /** Upper end of the interval. */
  readonly seconds_high: number | null;
  /** How many passes were timed. */
  readonly repeats: number;
  /** What `memory` says it is; null where it is not measured. */
  readonly peak_memory_bytes: number | null;
  /** Why there are no numbers; null where there are. */
  readonly error: string | null;
}

export interface Benchmark {
  /** Of this format. */
  readonly format: "litevae-benchmark-1";
  /** Its name. */
  readonly model: string;
  /** What ran it, with its version. */
  readonly runtime: string;
  /** The processor with its threads, or the GPU. */
  readonly hardware: string;
  /** Side of the square images; latents are of such images. */
  readonly size: number;
  /** `fp32` or `fp16`. */
  readonly precision: string;
  /** What peak_memory_bytes are. */
  readonly memory: string;
  /** A row for every part, mode and batch. */
  readonly rows: readonly BenchmarkRow[];
}

/** The report as text that ends in a line feed. Text and Markdown have the paper's encoders below, under a heading of their own. */
export function formatBenchmark(result: Benchmark, format: ReportFormat, width?: number): string {
  if (format === "json") return jsonText(result);
  if (format === "csv") return benchmarkCsv(result);
  const about = [
    ["hardware", result.hardware],
    ["runtime", `${result.runtime}, ${result.precision}`],
    ["model", `${result.model}, ${result.size}×${result.size}`],
    ["memory", result.memory],
  ] as const;
  if (format === "md") {
    const lines = about.map(([name, value]) => `- ${name}: ${value}\n`).join("");
    return `# Speed and memory of ${result.model}\n\n${lines}\n${markdownTable(grid(result))}\n## ${heading}\n\n${markdownTable(published())}`;
  }
  const lines = about.map(([name, value]) => `${name.padEnd(10)}${value}\n`).join("");
  return `${lines}\n${textTable(grid(result), width)}\n${heading}\n\n${textTable(published(), width)}`;
}

function grid({ rows }: Benchmark): Grid {
  const columns = [
    left("part"),
    left("mode"),
    ...["batch", "images/s", "s/batch", "95 % interval", "repeats", "peak, MiB"].map(right),
  ];
  if (rows.every(({ error }) => error === null)) return { columns, rows: rows.map(cells) };
  return { columns: [...columns, left("why not")], rows: rows.map((row) => [...cells(row), row.error ?? ""]) };
}

const none = "–";

function cells(row: BenchmarkRow): readonly string[] {
  const number = (value: number | null): string => (value === null ? none : significant(value, 4));
  const { seconds_low: low, seconds_high: high, peak_memory_bytes: peak } = row;
  return [
    row.part,
    row.mode,
    String(row.batch),
    number(row.images_per_second),
    number(row.seconds_median),
    low === null || high === null ? none : `${number(low)} … ${number(high)}${row.repeats < leastForInterval ? " (range)" : ""}`,
    row.repeats === 0 ? none : String(row.repeats),
    peak === null ? none : integer(peak / 2 ** 20),
  ];
}

const heading = `Published, not measured here: ${paper.source} Table 3, encoders, batch 32 on an RTX 6000`;

function published(): Grid {
  return {
    columns: [left("model"), ...["parameters, M", "GPU, MB", "images/s"].map(right)],
    rows: paper.throughput.map(({ model, params, gpuMegabytes, imagesPerSecond }) => [
      model,
      params.toFixed(2),
      integer(gpuMegabytes),
      String(imagesPerSecond),
    ]),
  };
}

const rowKeys = [
  "part",
  "mode",
  "batch",
  "images_per_second",
  "seconds_median",
  "seconds_low",
  "seconds_high",
  "repeats",
  "peak_memory_bytes",
  "error",
] as const satisfies readonly (keyof BenchmarkRow)[];

function benchmarkCsv({ model, hardware, runtime, size, precision, rows }: Benchmark): string {
  const common = { model, hardware, runtime, size, precision };
  const header = [...Object.keys(common), ...rowKeys];
  return csvTable(
    header,
    rows.map((row) => [...Object.values(common), ...rowKeys.map((key) => row[key])]),
  );
}
