/** Pieces that several charts are made of. */
import type { Spec } from "./chart.ts";

/** Names down the left side, in the order of the data. */
export function valueAxis(field: string): Spec {
  return {
    field,
    type: "nominal",
    sort: null,
    axis: { grid: false, labelColor: "var(--ink)", labelFontSize: 13, labelLimit: 150 },
    title: null,
  };
}

/** Text behind the end of a bar, with a rim that keeps it readable where it meets a line. */
export function barLabel(x: Spec, field: string): readonly Spec[] {
  const mark = { type: "text", align: "left", dx: 8, aria: false };
  const encoding = { x, text: { field, type: "nominal" } };
  return [
    { mark: { ...mark, stroke: "var(--surface)", strokeWidth: 6, strokeJoin: "round" }, encoding },
    { mark, encoding },
  ];
}

const KiB = 1024;

/** An axis in bytes, on a logarithmic scale, that is marked at powers of four. */
export function bytesAxis(values: readonly number[]): Spec {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => Math.log(value) / Math.log(4));
  const from = Math.floor(low ?? 0);
  const ticks = Array.from({ length: Math.ceil(high ?? 0) - from + 1 }, (_, i) => 4 ** (from + i));
  const unit = (factor: number, name: string): string =>
    `datum.value >= ${factor} ? format(datum.value / ${factor}, ',.4~r') + ' ${name}' :`;
  return {
    type: "quantitative",
    scale: { type: "log", base: 4, domain: [ticks[0], ticks.at(-1)], nice: false },
    axis: {
      values: ticks,
      // Vega leaves lines out beyond this.
      tickCount: ticks.length,
      labelExpr: `${unit(KiB ** 3, "GiB")} ${unit(KiB ** 2, "MiB")} ${unit(KiB, "KiB")} datum.value + ' B'`,
    },
    title: null,
  };
}
