/** Which modules a part's parameters and MACs are in. */
import type { Budget } from "../../budget.ts";
import type { ModuleCounts, PartCounts } from "../../count.ts";
import { integer, shapeText } from "../../numbers.ts";
import { segmentStroke, seriesColor } from "../chart-config.ts";
import { valueAxis } from "../chart-parts.ts";
import { figure, type Spec } from "../chart.ts";
import { markup, type Markup } from "../markup.ts";
import { sortableTable } from "../table.ts";
import { inferenceParts, type Compared } from "./compared.ts";
import { exact, macs, params, tightestLimit } from "./metrics.ts";

/** Of modules whose shares add up to the whole. */
type SharedMetric = typeof params | typeof macs;

interface Segment {
  readonly model: string;
  readonly name: string;
  readonly value: number;
  /** Shares of the part, from 0 to 1. */
  readonly from: number;
  readonly to: number;
  readonly color: string;
  readonly read: string;
}

/** With a budget for a part, its modules are shares of the limit. */
export async function shareCharts(models: readonly Compared[], budgets: readonly Budget[]): Promise<Markup> {
  const charts: Markup[] = [];
  for (const name of inferenceParts(models)) {
    for (const metric of [params, macs])
      charts.push(await shareChart(models, name, metric, tightestLimit(budgets, name, metric)));
  }
  return markup`<div class="grid">${charts}</div>
${models.map(moduleTable)}`;
}

/** The modules directly below a part; a part that is one module is opened. */
function topModules({ name, modules }: PartCounts): readonly ModuleCounts[] {
  const [only] = modules;
  return modules.length === 1 && only?.path === name && only.children.length > 0 ? only.children : modules;
}

async function shareChart(
  models: readonly Compared[],
  part: string,
  metric: SharedMetric,
  limit: number | undefined,
): Promise<Markup> {
  const whole = limit === undefined ? part : "budget";
  const names: string[] = [];
  const segments = models.flatMap(({ counts }): readonly Segment[] => {
    const counted = counts.parts[part];
    if (counted === undefined || counted === null) return [];
    let sum = 0;
    const total = limit ?? (counted[metric.key] || 1);
    return topModules(counted).map((module) => {
      const name = withoutPrefix(module.path, part);
      if (!names.includes(name)) names.push(name);
      const value = module[metric.key];
      const from = sum / total;
      sum += value;
      const read = `${counts.model}: ${name}; ${integer(value)} ${metric.unit}; ${percent(value / total)} of the ${whole}`;
      return { model: counts.model, name, value, from, to: sum / total, color: seriesColor(names.indexOf(name)), read };
    });
  });
  return await figure({
    title: `${metric.title} of the ${part}, by module`,
    note:
      limit === undefined
        ? "Shares of each model's own total, modules in the order in which they are defined."
        : `Shares of the budget of ${integer(limit)} ${metric.unit}, which ends at the line; modules in the order in which they are defined.`,
    spec: (narrow) => spec(segments, limit !== undefined, narrow),
    columns: [
      { title: "model", cell: ({ model }) => model },
      { title: "module", cell: ({ name }) => markup`<code>${name}</code>` },
      { title: metric.unit, cell: ({ value }) => integer(value), value: ({ value }) => value },
      { title: "share", cell: ({ from, to }) => percent(to - from), value: ({ from, to }) => ratioOf(to - from, 1) },
    ],
    rows: segments,
  });
}

function spec(segments: readonly Segment[], budgeted: boolean, narrow: boolean): Spec {
  const models = new Set(segments.map(({ model }) => model)).size;
  // A name is written into its segment where it fits, at about 7 pixels a letter; models are named on the left.
  const names = Math.min(150, 8 * Math.max(...segments.map(({ model }) => model.length)));
  const plot = (narrow ? 340 : 940) - names - 24;
  const end = Math.max(1, ...segments.map(({ to }) => to));
  const fits = ({ name, from, to }: Segment): boolean => ((to - from) / end) * plot > name.length * 6.6 + 10;
  const values = segments.map((segment) => ({
    ...segment,
    middle: (segment.from + segment.to) / 2,
    label: fits(segment) ? segment.name : "",
  }));
  const x = {
    type: "quantitative",
    scale: { domain: [0, end], nice: false },
    axis: { format: "%", grid: false, ...(end > 1 ? { tickCount: 5 } : { values: [0, 0.25, 0.5, 0.75, 1] }) },
    title: null,
  };
  return {
    height: models * 34,
    data: { values },
    encoding: { y: valueAxis("model") },
    layer: [
      {
        transform: [{ filter: "datum.to > datum.from" }],
        mark: { type: "bar", height: 24, ...segmentStroke },
        encoding: {
          x: { ...x, field: "from" },
          x2: { field: "to" },
          color: { field: "color", type: "nominal", scale: null },
          description: { field: "read" },
        },
      },
      {
        mark: { type: "text", color: "var(--on-series)", aria: false },
        encoding: { x: { ...x, field: "middle" }, text: { field: "label", type: "nominal" } },
      },
      ...(budgeted
        ? [{ mark: { type: "rule", strokeDash: [4, 3], aria: false }, encoding: { x: { ...x, datum: 1 }, y: null } }]
        : []),
    ],
  };
}

/** The modules of two levels, every figure; folded, since it is long. */
function moduleTable(compared: Compared): Markup {
  const { counts } = compared;
  const rows = inferenceParts([compared]).flatMap((name) => {
    const part = counts.parts[name];
    if (part === undefined || part === null) return [];
    return topModules(part)
      .flatMap((module) => [module, ...module.children])
      .map((module) => ({ module, part }));
  });
  const share = (value: number, total: number): string => (total === 0 ? "" : percent(value / total));
  const table = sortableTable({
    caption: `Modules of ${counts.model}`,
    columns: [
      { title: "module", cell: ({ module }) => markup`<code>${module.path}</code>` },
      { title: "kind", cell: ({ module }) => module.kind },
      { title: "output", cell: ({ module }) => module.outputs.map(shapeText).join(" ") },
      { title: "parameters", cell: ({ module }) => integer(module.params), value: ({ module }) => module.params },
      {
        title: "share",
        unit: "of the part",
        cell: ({ module, part }) => share(module.params, part.params),
        value: ({ module, part }) => ratioOf(module.params, part.params),
      },
      { title: "MACs", cell: ({ module }) => integer(module.macs), value: ({ module }) => module.macs },
      { title: "FLOPs", unit: "2·MACs", cell: ({ module }) => integer(2 * module.macs), value: ({ module }) => 2 * module.macs },
      {
        title: "share",
        unit: "of the part's MACs",
        cell: ({ module, part }) => share(module.macs, part.macs),
        value: ({ module, part }) => ratioOf(module.macs, part.macs),
      },
      {
        title: "activation",
        unit: "bytes",
        cell: ({ module }) => exact(module.activationBytes),
        value: ({ module }) => module.activationBytes,
      },
    ],
    rows,
  });
  return markup`<details class="panel fold"><summary>Modules of ${counts.model}, two levels: ${rows.length} rows</summary>${table}</details>
`;
}

export function withoutPrefix(path: string, prefix: string): string {
  return path.startsWith(`${prefix}.`) ? path.slice(prefix.length + 1) : path;
}

/** To a millionth, which is enough to sort by. */
function ratioOf(value: number, total: number): number {
  return Math.round((value / (total || 1)) * 1e6) / 1e6;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
