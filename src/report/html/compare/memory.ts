/** Activation memory by image size, counted at each size. */
import { partOf } from "../../../ir/walk.ts";
import { countPart } from "../../count.ts";
import { fitReport } from "../../fit.ts";
import { integer } from "../../numbers.ts";
import { bytesAxis } from "../chart-parts.ts";
import { chart, figureGrid, type AnyFigure, type Spec } from "../chart.ts";
import type { Markup } from "../markup.ts";
import { seriesColor } from "../chart-config.ts";
import { inferenceParts, type Compared } from "./compared.ts";
import { activation, readable } from "./metrics.ts";

const sizes = [64, 128, 256, 512, 1024] as const;

interface Point {
  readonly model: string;
  readonly size: number;
  readonly bytes: number;
  readonly color: string;
  readonly read: string;
}

export async function memoryCharts(models: readonly Compared[]): Promise<Markup> {
  const charts: AnyFigure[] = [];
  for (const name of inferenceParts(models)) {
    const points = curves(models, name).flatMap(({ names, bytes }, i): readonly Point[] => {
      const model = names.join(", ");
      return bytes.map(([size, count]) => {
        const read = `${model} at ${size}×${size}; ${readable(count, activation)} = ${integer(count)} bytes`;
        return { model, size, bytes: count, color: seriesColor(i), read };
      });
    });
    if (points.length > 0) charts.push(memoryChart(name, points));
  }
  return await figureGrid(charts);
}

interface Curve {
  readonly names: readonly string[];
  readonly bytes: readonly (readonly [size: number, bytes: number])[];
}

/** Models that need the same are one curve, which would otherwise hide the others. */
function curves(models: readonly Compared[], name: string): readonly Curve[] {
  const found = new Map<string, Curve>();
  for (const { model, counts } of models) {
    const part = partOf(model, name);
    if (part === undefined) continue;
    const fitting = sizes.filter((size) => fitReport([part], size, size) === undefined);
    const bytes = fitting.flatMap((size) => {
      const counted = countPart(part, size, size).activationBytes;
      return counted === null ? [] : [[size, counted] as const];
    });
    const names = found.get(JSON.stringify(bytes))?.names ?? [];
    if (bytes.length > 0) found.set(JSON.stringify(bytes), { names: [...names, counts.model], bytes });
  }
  return [...found.values()];
}

function memoryChart(name: string, points: readonly Point[]): AnyFigure {
  return chart({
    title: `Activation memory of the ${name}`,
    note: "Both axes are logarithmic: from line to line four times the bytes, from mark to mark four times the pixels.",
    spec: (narrow) => spec(points, narrow),
    columns: [
      { title: "model", cell: ({ model }) => model },
      { title: "size", unit: "pixels a side", cell: ({ size }) => size, value: ({ size }) => size },
      { title: "activation", unit: "bytes", cell: ({ bytes }) => integer(bytes), value: ({ bytes }) => bytes },
    ],
    rows: points,
  });
}

function spec(points: readonly Point[], narrow: boolean): Spec {
  const models = [...new Map(points.map(({ model, color }) => [model, color]))];
  const [domain, range] = [models.map(([model]) => model), models.map(([, color]) => color)];
  const x = {
    field: "size",
    type: "quantitative",
    scale: { type: "log", base: 2, domain: [sizes[0], sizes.at(-1)], nice: false },
    axis: { values: sizes, format: "d", grid: false },
    title: "pixels a side",
  };
  // Names that have no room beside each other stand in a column.
  const room = narrow ? 250 : 390;
  const legend = { labelLimit: room - 30, ...(domain.join("").length * 7 + domain.length * 36 > room ? { columns: 1 } : {}) };
  const color = { field: "model", type: "nominal", sort: null, scale: { domain, range }, legend };
  const shape = { field: "model", type: "nominal", sort: null, scale: { domain, range: shapes.slice(0, domain.length) }, legend };
  const y = { field: "bytes", ...bytesAxis(points.map(({ bytes }) => bytes)) };
  return {
    height: 250,
    data: { values: points },
    encoding: { x, y, color },
    layer: [
      { mark: { type: "line", aria: false } },
      { mark: "point", encoding: { shape, description: { field: "read", type: "nominal" } } },
    ],
  };
}

/** Beside the colours, for those who do not see them. */
const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"];
