/** What `benchmark` measured: images a second and memory over batch sizes. */
import { binaryScales, compact, rounded } from "../../numbers.ts";
import { seriesColor } from "../chart-config.ts";
import { figure, type Spec } from "../chart.ts";
import { markup, type Markup } from "../markup.ts";
import { sortableTable } from "../table.ts";
import type { Benchmark, Measured } from "./measurements.ts";

type Row = Benchmark["rows"][number];

export async function benchmarkedSection(benchmarks: readonly Measured<Benchmark>[]): Promise<Markup> {
  const parts: Markup[] = [];
  for (const { file, content } of benchmarks) parts.push(await speedChart(content), table(file, content));
  return markup`${parts}`;
}

function speedOf({ images_per_second: speed }: Row): number | null {
  return speed ?? null;
}

async function speedChart({ rows, runtime, hardware, size }: Benchmark): Promise<Markup> {
  const points = rows.flatMap((row) => {
    const speed = speedOf(row);
    const name = `${row.part}, ${row.mode}`;
    return speed === null
      ? []
      : [{ name, batch: row.batch, speed, read: `${name}, batch ${row.batch}; ${rounded(speed)} images/s` }];
  });
  if (points.length === 0) return markup``;
  return markup`<div class="grid">${await figure({
    title: "Images per second by batch size",
    note: `${runtime} on ${hardware}, images of ${size}×${size}.`,
    spec: () => spec(points),
    columns: [
      { title: "part and mode", cell: ({ name }) => name },
      { title: "batch", cell: ({ batch }) => batch, value: ({ batch }) => batch },
      { title: "images/s", cell: ({ speed }) => rounded(speed), value: ({ speed }) => speed },
    ],
    rows: points,
  })}</div>`;
}

function spec(points: readonly { readonly name: string; readonly batch: number }[]): Spec {
  const names = [...new Set(points.map(({ name }) => name))];
  const batches = [...new Set(points.map(({ batch }) => batch))].sort((a, b) => a - b);
  const x = {
    field: "batch",
    type: "ordinal",
    scale: { domain: batches },
    axis: { grid: false, labelAngle: 0 },
    title: "images in a batch",
  };
  const y = { field: "speed", type: "quantitative", scale: { zero: true }, axis: { tickCount: 4, format: "~s" }, title: null };
  const color = {
    field: "name",
    type: "nominal",
    sort: null,
    scale: { domain: names, range: names.map((_, i) => seriesColor(i)) },
  };
  return {
    height: 220,
    data: { values: points },
    mark: { type: "bar", width: { band: 0.8 } },
    encoding: {
      x,
      xOffset: { field: "name", type: "nominal", sort: null },
      y,
      color,
      description: { field: "read", type: "nominal" },
    },
  };
}

function table(file: string, { rows, precision }: Benchmark): Markup {
  return markup`<div class="panel">${sortableTable<Row>({
    caption: `Measured speed, ${file}`,
    columns: [
      { title: "part", cell: ({ part }) => part },
      { title: "mode", cell: ({ mode }) => [mode, precision].filter(Boolean).join(", ") },
      { title: "batch", cell: ({ batch }) => batch, value: ({ batch }) => batch },
      {
        title: "images/s",
        cell: ({ error, images_per_second: speed }) => error ?? (typeof speed === "number" && rounded(speed)),
        value: speedOf,
      },
      {
        title: "seconds a batch",
        unit: "median",
        cell: ({ seconds_median: s }) => typeof s === "number" && rounded(s),
        value: ({ seconds_median: s }) => s ?? null,
      },
      {
        title: "peak memory",
        cell: ({ peak_memory_bytes: b }) => typeof b === "number" && `${compact(b, binaryScales)}B`,
        value: ({ peak_memory_bytes: b }) => b ?? null,
      },
      { title: "repeats", cell: ({ repeats }) => repeats, value: ({ repeats }) => repeats ?? null },
    ],
    rows,
  })}</div>
`;
}
