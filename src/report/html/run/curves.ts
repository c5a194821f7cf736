/** Curves over the steps of a run, phases marked. */
import { rounded } from "../../numbers.ts";
import { seriesColor } from "../chart-config.ts";
import { chart, figureGrid, type AnyFigure, type Spec } from "../chart.ts";
import type { Markup } from "../markup.ts";
import { integer } from "../../numbers.ts";
import type { Entry, Phase, Run } from "./read.ts";
import { pointLimit, thinned, thinningNote, type Point, type Reading } from "./thin.ts";

export interface Curves {
  readonly title: string;
  readonly note?: string;
  /** Keys of metrics.jsonl, with what they are called. */
  readonly series: readonly { readonly key: string; readonly name: string }[];
  readonly unit?: string;
  /** Never on a logarithmic scale. */
  readonly linear?: true;
}

/** Most points of a curve that can be pointed at, where they are not drawn. */
const readLimit = 40;

interface Marked extends Point {
  readonly name: string;
  readonly read: string;
}

/** The readings of a key; null, which stands for what was not finite, is left out. */
export function readingsOf(entries: readonly Entry[], key: string): readonly Reading[] {
  return entries.flatMap(({ step, values }) => {
    const value = values[key];
    return value === undefined || value === null ? [] : [{ step, value }];
  });
}

/** A figure of the series that the run has; nothing where it has none. */
function curves(run: Run, { title, note, series, unit, linear }: Curves): AnyFigure | undefined {
  const present = series.flatMap(({ key, name }) => {
    const readings = readingsOf(run.entries, key);
    return readings.length === 0 ? [] : [{ name, readings }];
  });
  if (present.length === 0) return undefined;
  const points = present.flatMap(({ name, readings }) =>
    thinned(readings).map((point): Marked => ({ ...point, name, read: readingText(point, name, unit) })),
  );
  const longest = Math.max(...present.map(({ readings }) => readings.length));
  const logarithmic = linear !== true && spreads(points);
  const notes = [
    unit === undefined ? undefined : `In ${unit}.`,
    note,
    logarithmic ? "Logarithmic scale." : undefined,
    longest > pointLimit ? thinningNote(longest) : undefined,
  ];
  const text = notes.filter((part) => part !== undefined).join(" ");
  return chart({
    title,
    ...(text === "" ? {} : { note: text }),
    spec: (narrow) => spec(points, { phases: run.phases, logarithmic, named: series.length > 1 }, narrow),
    columns: [
      { title: "step", cell: ({ step }) => integer(step), value: ({ step }) => step },
      ...(present.length === 1 ? [] : [{ title: "curve", cell: ({ name }: Marked) => name }]),
      {
        title: "value",
        ...(unit === undefined ? {} : { unit }),
        cell: ({ value }) => rounded(value),
        value: ({ value }) => value,
      },
      ...(longest > pointLimit
        ? [
            { title: "smallest", cell: ({ low }: Marked) => rounded(low), value: ({ low }: Marked) => low },
            { title: "largest", cell: ({ high }: Marked) => rounded(high), value: ({ high }: Marked) => high },
          ]
        : []),
    ],
    rows: points,
  });
}

function readingText({ step, value, low, high, count }: Point, name: string, unit = ""): string {
  const spread = count > 1 ? `; ${rounded(low)} to ${rounded(high)} in ${count} logged steps` : "";
  return `${name}, step ${integer(step)}; ${rounded(value)} ${unit}`.trimEnd() + spread;
}

/** Whether values are all positive and lie more than a factor of 30 apart. */
function spreads(points: readonly Point[]): boolean {
  const low = Math.min(...points.map((point) => point.low));
  return low > 0 && Math.max(...points.map(({ high }) => high)) / low > 30;
}

interface Drawn {
  readonly phases: readonly Phase[];
  readonly logarithmic: boolean;
  /** Whether the figure may have several curves: one of them alone is named too. */
  readonly named: boolean;
}

function spec(points: readonly Marked[], { phases, logarithmic, named }: Drawn, narrow: boolean): Spec {
  const names = [...new Set(points.map(({ name }) => name))];
  const last = Math.max(1, ...phases.map(({ to }) => to));
  const x = {
    field: "step",
    type: "quantitative",
    scale: { domain: [0, last], nice: false },
    axis: { grid: false, tickCount: narrow ? 3 : 5, format: ",d" },
    title: "step",
  };
  const scale = logarithmic ? logScale(points) : { zero: false, nice: true };
  const y = {
    field: "value",
    type: "quantitative",
    scale,
    axis: logarithmic ? logAxis(points) : { tickCount: 4, format: ",~r" },
    title: null,
  };
  const color = {
    field: "name",
    type: "nominal",
    sort: null,
    scale: { domain: names, range: names.map((_, i) => seriesColor(i)) },
    legend: named ? lineLegend : null,
  };
  const several = points.some(({ count }) => count > 1);
  // Few points are shown as such; of many some are there to be read, and not seen.
  const seen = points.length <= 24 * names.length;
  const every = seen ? 1 : Math.ceil(points.length / names.length / readLimit);
  const read = points.filter((_, i) => i % every === 0);
  return {
    height: 200,
    data: { values: points },
    layer: [
      ...phaseMarks(phases, x, narrow),
      ...(several
        ? [
            {
              mark: { type: "area", opacity: 0.16, aria: false },
              encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
            },
          ]
        : []),
      { mark: { type: "line", aria: false }, encoding: { x, y, color, ...dashes(names) } },
      {
        data: { values: read },
        mark: { type: "point", size: seen ? 36 : 60, opacity: seen ? 1 : 0 },
        encoding: { x, y, color, description: { field: "read", type: "nominal" } },
      },
    ],
  };
}

function powers(points: readonly Point[]): { readonly low: number; readonly high: number } {
  const low = Math.floor(Math.log10(Math.min(...points.map((point) => point.low))));
  return { low, high: Math.max(low + 1, Math.ceil(Math.log10(Math.max(...points.map((point) => point.high))))) };
}

function logScale(points: readonly Point[]): Spec {
  const { low, high } = powers(points);
  return { type: "log", domain: [10 ** low, 10 ** high], nice: false };
}

/** A line at every power of ten, or at some of many. */
function logAxis(points: readonly Point[]): Spec {
  const { low, high } = powers(points);
  const every = Math.ceil((high - low) / 5);
  const values = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => 10 ** (low + i * every));
  return { values, labelExpr: "datum.value < 0.001 ? format(datum.value, '.0e') : format(datum.value, ',~r')" };
}

// Above the names of the phases.
const lineLegend = { symbolType: "stroke", symbolOpacity: 1, symbolSize: 320, symbolStrokeWidth: 2.5, offset: 32 };

/** Beside the colours, for those who do not see them. */
function dashes(names: readonly string[]): Spec {
  const range = [
    [1, 0],
    [7, 4],
    [2, 3],
    [9, 3, 2, 3],
    [4, 2],
    [12, 4],
    [1, 4],
    [6, 2, 1, 2],
  ];
  if (names.length === 1) return {};
  return {
    strokeDash: {
      field: "name",
      type: "nominal",
      sort: null,
      scale: { domain: names, range: names.map((_, i) => range[i % range.length]) },
      legend: lineLegend,
    },
  };
}

function shortened(text: string, letters: number): string {
  return text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
}

/** A line where a phase begins, and its name. */
function phaseMarks(phases: readonly Phase[], x: Spec, narrow: boolean): readonly Spec[] {
  if (phases.length < 2) return [];
  // The last step of a phase is always logged, the first of the next is not.
  const starts = phases.map((_, i) => phases[i - 1]?.to ?? 0);
  const letters = (narrow ? 290 : 430) / 7 / Math.max(1, ...phases.map(({ to }) => to));
  const values = phases.map(({ name, to }, i) => {
    const step = starts[i] as number;
    // A name ends where the next begins; after the last there is some room.
    const room = i === phases.length - 1 ? 12 : 3;
    return { step, name: shortened(name, Math.max(room, Math.floor((to - step) * letters))) };
  });
  return [
    {
      data: { values: values.slice(1) },
      mark: { type: "rule", strokeDash: [3, 3], color: "var(--muted)", aria: false },
      encoding: { x },
    },
    {
      data: { values },
      mark: { type: "text", align: "left", baseline: "bottom", dx: 3, dy: -4, color: "var(--muted)", aria: false },
      encoding: { x, y: { value: 0 }, text: { field: "name", type: "nominal" } },
    },
  ];
}

/** Those of the figures that the run has; nothing where it has none. */
export async function curveGrid(run: Run, wanted: readonly Curves[]): Promise<Markup | undefined> {
  const drawn = wanted.flatMap((one) => curves(run, one) ?? []);
  return drawn.length === 0 ? undefined : await figureGrid(drawn);
}
