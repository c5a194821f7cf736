/** `litevae summary`: the modules of one model as a tree, with totals per part. */
import { flopsOf, type Counts, type ModelCounts, type ModuleCounts, type PartCounts } from "./count.ts";
import { jsonText, type ReportFormat } from "./format.ts";
import { csvTable, left, markdownTable, right, textTable, type Column, type Grid } from "./grid.ts";
import { memoryFigures } from "./memory.ts";
import { fieldText } from "./reach.ts";
import {
  binaryScales,
  byteScaleFor,
  decimalScales,
  exactly,
  integer,
  scaled,
  scaledBytes,
  scaleFor,
  shapeText,
  uncounted,
} from "./numbers.ts";

export interface SummaryOptions {
  readonly format?: ReportFormat;
  /** How many levels below the part are listed; all by default, 0 for the parts alone. */
  readonly depth?: number;
  /** Characters in a line of the tables; however many they need by default. */
  readonly width?: number | undefined;
}

/** A line of the tree; the first of a part is the part itself. */
export interface SummaryRow extends Counts {
  readonly path: string;
  readonly kind: string;
  readonly level: number;
  readonly calls: number;
  readonly outputs: readonly (readonly number[])[];
}

/** The report as text that ends in a line feed. */
export function formatSummary(counts: ModelCounts, { format = "table", depth = Infinity, width }: SummaryOptions = {}): string {
  if (format === "json") return jsonText(summaryJson(counts, depth));
  if (format === "csv") return summaryCsv(counts, depth);
  const { model, size, latentChannels } = counts;
  const heading = `${model} at ${size}×${size}${latentChannels === undefined ? "" : `, latent channels ${latentChannels}`}, batch 1, float32`;
  const section = (name: string, part: PartCounts | null): string => {
    if (part === null) return format === "md" ? `## ${name}\n\nDoes not fit this size.\n` : `${name} does not fit this size\n`;
    const rows = summaryRows(part, depth);
    const table =
      format === "md"
        ? markdownTable(grid(rows, ({ path }) => `\`${path}\``, ", "))
        : textTable(grid(rows, treeLabel(rows), "\n"), width);
    return format === "md" ? `## ${name}\n\n${table}\n${totals(part)}.\n` : `${table}${name}: ${totals(part)}\n`;
  };
  const sections = measured(counts).map(([name, part]) => section(name, part));
  const notes = memoryFigures.map(({ name, about }) => `${format === "md" ? "- " : ""}${name}: ${about}\n`).join("");
  return [`${format === "md" ? "# " : ""}${heading}\n`, ...sections, notes].join("\n");
}

/** The lines of a part's tree, parents before children. A part that is one module of the same name is one line with it. */
export function summaryRows(part: PartCounts, depth = Infinity): readonly SummaryRow[] {
  const [only] = part.modules;
  const merged = part.modules.length === 1 && (only?.path === part.name || only?.path === "") ? only : undefined;
  const root: SummaryRow = {
    path: part.name,
    kind: merged?.kind ?? "part",
    level: 0,
    calls: 1,
    outputs: merged?.outputs ?? Object.values(part.outputs),
    params: part.params,
    macs: part.macs,
    activationBytes: part.activationBytes,
  };
  const below = (modules: readonly ModuleCounts[], level: number): readonly SummaryRow[] =>
    level > depth
      ? []
      : modules.flatMap(({ path, kind, calls, outputs, params, macs, activationBytes, children }) => [
          { path, kind, level, calls, outputs, params, macs, activationBytes },
          ...below(children, level + 1),
        ]);
  return [root, ...below(merged?.children ?? part.modules, 1)];
}

function measured({ parts }: ModelCounts): readonly (readonly [string, PartCounts | null])[] {
  return Object.entries(parts).flatMap(([name, part]) => (part === undefined ? [] : [[name, part] as const]));
}

/** Indented, without what the parent's line says already. */
function treeLabel(rows: readonly SummaryRow[]): (row: SummaryRow) => string {
  const parents = new Map<SummaryRow, string>();
  const open: string[] = [];
  for (const row of rows) {
    const parent = open[row.level - 1];
    if (parent !== undefined) parents.set(row, parent);
    open[row.level] = row.path;
  }
  return (row) => {
    const parent = parents.get(row);
    const prefix = `${parent}.`;
    return (
      "  ".repeat(row.level) + (parent !== undefined && row.path.startsWith(prefix) ? row.path.slice(prefix.length) : row.path)
    );
  };
}

/** `between` stands between the shapes of several outputs: side by side, those of a detector would be wider than a screen. */
function grid(rows: readonly SummaryRow[], label: (row: SummaryRow) => string, between: string): Grid {
  const macScale = scaleFor(
    rows.map(({ macs }) => macs),
    decimalScales,
  );
  const byteScale = byteScaleFor(rows.map(({ activationBytes }) => activationBytes));
  // Where nothing is abbreviated the exact column says it all.
  const showScaled = macScale.factor > 1;
  const columns: readonly Column[] = [
    left("module"),
    left("kind"),
    left("output shape"),
    right("params"),
    right("MACs"),
    ...(showScaled ? [right(`${macScale.prefix}MACs`)] : []),
    right(`activation, ${byteScale.prefix}B`),
  ];
  const cells = (row: SummaryRow): readonly string[] => [
    label(row),
    row.calls === 1 ? row.kind : `${row.kind}, ${row.calls} calls`,
    row.outputs.map(shapeText).join(between),
    integer(row.params),
    integer(row.macs),
    ...(showScaled ? [scaled(row.macs, macScale, 3)] : []),
    scaledBytes(row.activationBytes, byteScale),
  ];
  return { columns, rows: rows.map(cells) };
}

/** Exact figures with readable ones beside them. */
function totals(counts: PartCounts): string {
  const flops = flopsOf(counts);
  return [
    `${integer(counts.params)} parameters`,
    exactly(counts.macs, "MACs", "MACs", decimalScales, 3),
    exactly(flops, "FLOPs = 2·MACs", "FLOPs", decimalScales, 3),
    ...memoryFigures.map(({ key, name }) => {
      const bytes = counts[key];
      return `${name} ${bytes === null ? uncounted : exactly(bytes, "bytes", "B", binaryScales, 2)}`;
    }),
    ...(counts.receptiveField === undefined ? [] : [fieldText(counts.receptiveField)]),
  ].join("; ");
}

function summaryJson(counts: ModelCounts, depth: number): unknown {
  const part = (measuredPart: PartCounts | null): unknown =>
    measuredPart === null
      ? null
      : {
          params: measuredPart.params,
          macs: measuredPart.macs,
          flops: flopsOf(measuredPart),
          ...Object.fromEntries(memoryFigures.map(({ key }) => [key, measuredPart[key]])),
          receptiveField: measuredPart.receptiveField ?? null,
          outputs: measuredPart.outputs,
          modules: summaryRows(measuredPart, depth).map(({ activationBytes, ...row }) => ({
            ...row,
            flops: flopsOf(row),
            activationBytes,
          })),
        };
  return {
    model: counts.model,
    size: counts.size,
    latentChannels: counts.latentChannels,
    parts: Object.fromEntries(measured(counts).map(([name, value]) => [name, part(value)])),
  };
}

function summaryCsv(counts: ModelCounts, depth: number): string {
  const rows = measured(counts).flatMap(([name, part]) =>
    part === null
      ? []
      : summaryRows(part, depth).map((row) => [
          name,
          row.path,
          row.level,
          row.kind,
          row.calls,
          row.outputs.map((shape) => shape.join("x")).join(" "),
          row.params,
          row.macs,
          flopsOf(row),
          row.activationBytes,
        ]),
  );
  return csvTable(
    ["part", "path", "level", "kind", "calls", "output_shapes", "params", "macs", "flops", "activation_bytes"],
    rows,
  );
}
