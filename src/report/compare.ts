/** `litevae compare`: models side by side, a table per part; of exactly two models also the modules that differ. */
import { must } from "../errors/must.ts";
import type { Budget } from "./budget.ts";
import { flopsOf, type ModelCounts } from "./count.ts";
import { formatDifference } from "./difference-table.ts";
import { differenceOf } from "./difference.ts";
import { jsonText, type ReportFormat } from "./format.ts";
import { csvTable, left, markdownTable, right, textTable, type Column, type Grid } from "./grid.ts";
import { partNamesOf } from "./parts.ts";
import { memoryFigures } from "./memory.ts";
import { comparedRecords } from "./records.ts";
import { byteScaleFor, decimalScales, integer, ratio, scaled, scaledBytes, scaleFor } from "./numbers.ts";

export interface CompareOptions {
  readonly format?: ReportFormat;
  /** The model that ratios refer to; the first by default. */
  readonly baseline?: ModelCounts;
  /** Characters in a line of the tables; however many they need by default. */
  readonly width?: number | undefined;
  /** Limits that JSON reports on. */
  readonly budgets?: readonly Budget[];
}

/** The report as text that ends in a line feed. All models must be measured at the same size. */
export function formatComparison(models: readonly ModelCounts[], options: CompareOptions = {}): string {
  const { format = "table", baseline = models[0], budgets = [], width } = options;
  if (format === "json") return jsonText(comparedRecords(models, budgets));
  if (format === "csv") return comparisonCsv(models);
  const [first, second, ...others] = models;
  const size = first?.size ?? 0;
  const ratios = models.length > 1 && baseline !== undefined ? `; ratios to ${baseline.model}` : "";
  const heading = `${size}×${size}, batch 1, float32; nz is the number of latent channels${ratios}`;
  const table = (grid: Grid): string => (format === "md" ? markdownTable(grid) : textTable(grid, width));
  const title = (text: string): string => (format === "md" ? `## ${text}\n\n` : `${text}\n`);
  const sections = partNamesOf(models).flatMap((name) => {
    const rows = models.filter(({ parts }) => parts[name] !== undefined);
    if (rows.length === 0) return [];
    const base = models.length > 1 ? baseline : undefined;
    const costs = title(name) + table(partGrid(name, rows, base));
    const measured = rows.filter(({ parts }) => parts[name] !== null);
    return measured.length === 0 ? [costs] : [costs, title(`${name}, memory`) + table(memoryGrid(name, measured, base))];
  });
  sections.push(memoryFigures.map(({ name, about }) => `${format === "md" ? "- " : ""}${name}: ${about}\n`).join(""));
  if (first !== undefined && second !== undefined && others.length === 0) {
    const difference = differenceOf(first, second);
    sections.push(title("modules that differ") + formatDifference(difference, format, width));
  }
  return [`${heading}\n`, ...sections].join("\n");
}

function partGrid(name: string, models: readonly ModelCounts[], baseline: ModelCounts | undefined): Grid {
  const measured = models.map(({ parts }) => parts[name]).filter((part) => part !== undefined && part !== null);
  const countScale = scaleFor(
    measured.map(({ macs }) => macs),
    decimalScales,
  );
  // Where nothing is abbreviated the exact column says it all.
  const showScaled = countScale.factor > 1;
  const base = baseline?.parts[name] ?? undefined;
  const against = (title: string): readonly Column[] => (base === undefined ? [] : [right(title)]);
  const columns = [
    left("model"),
    right("nz"),
    right("params"),
    ...against("ratio"),
    right("MACs"),
    ...(showScaled ? [right(`${countScale.prefix}MACs`)] : []),
    right(`${countScale.prefix}FLOPs = 2·MACs`),
    ...against("ratio"),
  ];
  const row = ({ model, latentChannels, parts }: ModelCounts): readonly string[] => {
    const part = parts[name] ?? undefined;
    const head = [model, String(latentChannels ?? "–")];
    if (part === undefined) return [...head, "does not fit", ...columns.slice(3).map(() => "")];
    const to = (value: number, other: number | undefined): readonly string[] => (base === undefined ? [] : [ratio(value, other)]);
    return [
      ...head,
      integer(part.params),
      ...to(part.params, base?.params),
      integer(part.macs),
      ...(showScaled ? [scaled(part.macs, countScale, 3)] : []),
      scaled(flopsOf(part), countScale, 3),
      ...to(part.macs, base?.macs),
    ];
  };
  return { columns, rows: models.map(row) };
}

function memoryGrid(name: string, models: readonly ModelCounts[], baseline: ModelCounts | undefined): Grid {
  const base = baseline?.parts[name] ?? undefined;
  const figures = memoryFigures.map((figure) => ({
    ...figure,
    scale: byteScaleFor(models.map(({ parts }) => parts[name]?.[figure.key] ?? null)),
  }));
  const ratios = (title: readonly Column[]): readonly Column[] => (base === undefined ? [] : title);
  const columns = [
    left("model"),
    ...figures.flatMap((figure) => [right(`${figure.name}, ${figure.scale.prefix}B`), ...ratios([right("ratio")])]),
  ];
  const row = ({ model, parts }: ModelCounts): readonly string[] => {
    const part = must(parts[name], `the costs of the ${name} of ${model}`);
    const cells = figures.flatMap(({ key, scale }) => [
      scaledBytes(part[key], scale),
      ...(base === undefined ? [] : [ratio(part[key], base[key])]),
    ]);
    return [model, ...cells];
  };
  return { columns, rows: models.map(row) };
}

/** One row per model and part, exact numbers; the fields are empty where the part does not fit the size. */
function comparisonCsv(models: readonly ModelCounts[]): string {
  const rows = models.flatMap(({ model, size, latentChannels, parts }) =>
    Object.entries(parts).flatMap(([name, part]) => {
      if (part === undefined) return [];
      const numbers =
        part === null
          ? new Array<null>(3 + memoryFigures.length).fill(null)
          : [part.params, part.macs, flopsOf(part), ...memoryFigures.map(({ key }) => part[key])];
      return [[model, size, latentChannels ?? null, name, ...numbers]];
    }),
  );
  const memory = memoryFigures.map(({ column }) => column);
  return csvTable(["model", "size", "latent_channels", "part", "params", "macs", "flops", ...memory], rows);
}
