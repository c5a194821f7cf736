/** What each part of each model costs, with the budget's limit where there is one. */
import { partNames, type PartName } from "../../../ir/model.ts";
import { budgetVerdicts, type Budget } from "../../budget.ts";
import type { Counts, ModelCounts } from "../../count.ts";
import { binaryScales, compact, decimalScales, integer, type Scale } from "../../numbers.ts";
import { figure } from "../chart.ts";
import { markup, type Markup } from "../markup.ts";

interface Metric {
  readonly key: keyof Counts;
  readonly budget: Budget["metric"];
  readonly title: string;
  /** What follows the prefix. */
  readonly unit: string;
  readonly scales: readonly Scale[];
}

const metrics: readonly Metric[] = [
  { key: "params", budget: "params", title: "Parameters", unit: "", scales: decimalScales },
  { key: "macs", budget: "macs", title: "Multiply-accumulates", unit: "MACs", scales: decimalScales },
  { key: "activationBytes", budget: "activation", title: "Activation memory", unit: "B", scales: binaryScales },
];

export async function costCharts(models: readonly ModelCounts[], budgets: readonly Budget[]): Promise<Markup> {
  const charts: Markup[] = [];
  for (const name of partNames) {
    const measured = models.flatMap(({ model, parts }) => {
      const part = parts[name];
      return part === undefined || part === null ? [] : [{ model, part }];
    });
    if (measured.length === 0) continue;
    for (const metric of metrics.slice(0, 2)) charts.push(await chart(name, metric, models, budgets));
  }
  return markup`<div class="grid grid-two">${charts}</div>`;
}

async function chart(
  name: PartName,
  metric: Metric,
  models: readonly ModelCounts[],
  budgets: readonly Budget[],
): Promise<Markup> {
  const limits = budgets.filter(({ part, metric: of }) => part === name && of === metric.budget);
  const rows = models.flatMap((counts) => {
    const part = counts.parts[name];
    if (part === undefined || part === null) return [];
    const over = Math.max(0, ...budgetVerdicts(counts, limits).map((verdict) => verdict.over ?? 0));
    return [{ model: counts.model, value: part[metric.key], over }];
  });
  const text = (value: number): string => `${compact(value, metric.scales)}${metric.unit}`.trim();
  const values = rows.map((row) => ({
    ...row,
    label: row.over > 0 ? `${text(row.value)}, ${text(row.over)} over` : text(row.value),
    state: row.over > 0 ? "over" : "within",
  }));
  return figure({
    title: `${metric.title} of the ${name}`,
    size: "half",
    spec: () => ({
      height: 34 * rows.length,
      data: { values },
      encoding: { y: { field: "model", type: "nominal", sort: null, axis: {} } },
      layer: [
        {
          mark: { type: "bar", height: 18, cornerRadiusEnd: 2 },
          encoding: {
            x: {
              field: "value",
              type: "quantitative",
              axis: null,
              scale: { domain: [0, Math.max(...rows.map(({ value }) => value)) * 1.3] },
            },
            color: {
              field: "state",
              scale: { domain: ["within", "over"], range: ["var(--series-1)", "var(--alert)"] },
              legend: null,
            },
            description: { field: "label" },
          },
        },
        {
          mark: { type: "text", align: "left", dx: 7 },
          encoding: { x: { field: "value", type: "quantitative" }, text: { field: "label" } },
        },
        ...limits.map(({ limit }) => ({
          data: { values: [{ limit }] },
          mark: { type: "rule", strokeDash: [4, 3] },
          encoding: { x: { field: "limit", type: "quantitative" }, y: null },
        })),
      ],
    }),
    columns: [
      { title: "model", cell: ({ model }) => model },
      { title: metric.title, unit: metric.unit, cell: ({ value }) => integer(value), value: ({ value }) => value },
    ],
    rows,
  });
}
