/** How all charts look. Colours are those of page.css, so that a drawing follows the theme. */
import type { Config } from "vega-lite";

/** Told apart by people with any kind of colour vision (after Okabe and Ito), and by position: beyond eight they begin again. */
export const series: readonly string[] = Array.from({ length: 8 }, (_, i) => `var(--series-${i + 1})`);

export function seriesColor(i: number): string {
  return series[i % series.length] ?? "var(--ink)";
}

/** Segments of a bar: a gap between them tells neighbours apart where hues do not. */
export const segmentStroke = { stroke: "var(--surface)", strokeWidth: 1.5 } as const;

const text = { labelColor: "var(--muted)", titleColor: "var(--muted)", labelFontSize: 12, titleFontSize: 12 } as const;

export const chartConfig: Config = {
  font: "sans-serif",
  view: { stroke: null },
  axis: {
    ...text,
    titleFontWeight: "normal",
    titlePadding: 10,
    labelPadding: 6,
    grid: true,
    gridColor: "var(--hairline)",
    domain: false,
    ticks: false,
    labelFlush: false,
    labelOverlap: false,
    tickCount: 5,
  },
  axisY: { titleAlign: "left", titleAngle: 0, titleAnchor: "start", titleX: 0, titleY: -12 },
  axisBand: { grid: false, labelColor: "var(--ink)", labelFontSize: 13, labelLimit: 150, title: null },
  legend: {
    ...text,
    labelColor: "var(--ink)",
    labelLimit: 320,
    orient: "top",
    direction: "horizontal",
    title: null,
    symbolType: "square",
    symbolSize: 110,
    symbolStrokeWidth: 0,
    offset: 14,
    columnPadding: 16,
    rowPadding: 5,
  },
  text: { color: "var(--ink)", fontSize: 12 },
  rule: { color: "var(--ink)" },
  bar: { cornerRadiusEnd: 0 },
  line: { strokeWidth: 2, strokeJoin: "round", strokeCap: "round" },
  point: { size: 55, filled: true, opacity: 1 },
  range: { category: [...series] },
};
