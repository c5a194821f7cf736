/** What each part of each model costs in all, with the budget's limit where there is one. */
import type { Budget } from "../../budget.ts";
import { integer } from "../../numbers.ts";
import { barLabel, valueAxis } from "../chart-parts.ts";
import { chart, figureGrid, type AnyFigure, type Spec } from "../chart.ts";
import type { Markup } from "../markup.ts";
import { partNamesOf } from "../../parts.ts";
import { inferenceParts, type Compared } from "./compared.ts";
import { activation, macs, params, readable, tightestLimit, type Metric } from "./metrics.ts";

interface Bar {
  readonly model: string;
  readonly value: number;
  /** The part of the bar up to the limit. */
  readonly within: number;
  readonly over: number;
  readonly label: string;
  readonly read: string;
}

/** Charts of the parts that run at inference, and of whatever has a budget. */
export async function costCharts(models: readonly Compared[], budgets: readonly Budget[]): Promise<Markup> {
  const charts: AnyFigure[] = [];
  const inference = inferenceParts(models);
  for (const name of partNamesOf(models.map(({ counts }) => counts))) {
    for (const metric of [params, macs, activation]) {
      const limit = tightestLimit(budgets, name, metric);
      const shown = metric !== activation && inference.includes(name);
      const bars = barsOf(models, name, metric, limit);
      if (bars.length > 0 && (shown || limit !== undefined)) charts.push(costChart(name, metric, bars, limit));
    }
  }
  return await figureGrid(charts);
}

function barsOf(models: readonly Compared[], name: string, metric: Metric, limit = Infinity): readonly Bar[] {
  return models.flatMap(({ counts }) => {
    const part = counts.parts[name];
    if (part === undefined || part === null) return [];
    const value = part[metric.key];
    if (value === null) return [];
    const over = Math.max(0, value - limit);
    const label = readable(value, metric) + (over > 0 ? ` (+${readable(over, metric)})` : "");
    const verdict = limit === Infinity ? "" : over > 0 ? `; ${integer(over)} over the budget` : "; within the budget";
    const read = `${counts.model}; ${integer(value)} ${metric.unit}${verdict}`;
    return [{ model: counts.model, value, within: value - over, over, label, read }];
  });
}

function costChart(name: string, metric: Metric, bars: readonly Bar[], limit: number | undefined): AnyFigure {
  const title = `${metric.title} of the ${name}`;
  return chart({
    title,
    note: limit !== undefined && `The line is the budget of ${integer(limit)} ${metric.unit}; what is above it is marked.`,
    spec: (narrow) => spec(bars, limit, narrow),
    columns: [
      { title: "model", cell: ({ model }) => model },
      { title: metric.unit, cell: ({ value }) => integer(value), value: ({ value }) => value },
      ...(limit === undefined
        ? []
        : [{ title: "over the budget", cell: ({ over }: Bar) => integer(over), value: ({ over }: Bar) => over }]),
    ],
    rows: bars,
  });
}

function spec(bars: readonly Bar[], limit: number | undefined, narrow: boolean): Spec {
  // The longest bar ends where its label still fits, of letters of 12 pixels.
  const names = Math.min(150, 8 * Math.max(...bars.map(({ model }) => model.length)));
  const plot = (narrow ? 340 : 480) - names - 10;
  const top = Math.max(...bars.map(({ value, label }) => (value * plot) / (plot - 16 - 7 * label.length)));
  const bar = { type: "bar", height: 20, cornerRadiusEnd: 2 };
  const x = { type: "quantitative", axis: null, stack: null, scale: { domain: [0, top] } };
  return {
    height: bars.length * 36,
    data: { values: bars },
    encoding: { y: valueAxis("model") },
    layer: [
      { mark: { ...bar, color: "var(--series-1)" }, encoding: { x: { ...x, field: "within" }, description: { field: "read" } } },
      {
        transform: [{ filter: "datum.over > 0" }],
        mark: { ...bar, color: "var(--alert)" },
        encoding: { x: { ...x, field: "within" }, x2: { field: "value" }, description: { field: "read" } },
      },
      ...(limit === undefined || limit > top
        ? []
        : [{ mark: { type: "rule", strokeDash: [4, 3], aria: false }, encoding: { x: { ...x, datum: limit }, y: null } }]),
      ...barLabel({ ...x, field: "value" }, "label"),
    ],
  };
}
