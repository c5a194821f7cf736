/** `litevae summary`: the modules of one model as a tree, with totals per part. */
import type { Note } from "../errors/index.ts";
import type { ReceptiveField } from "../ir/receptive-field.ts";
import { flopsOf, type Counts, type ModelCounts, type ModuleCounts, type PartCounts } from "./count.ts";
import { jsonText, type ReportFormat } from "./format.ts";
import { csvTable, left, markdownTable, right, textTable, type Column, type Grid } from "./grid.ts";
import { memoryFigures } from "./memory.ts";
import { partRecord, type PartRecord } from "./records.ts";
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

export interface SummaryFormat {
  readonly format?: ReportFormat | undefined;
  /** Characters in a line of the tables; however many they need by default. */
  readonly width?: number | undefined;
}

/** A model's modules and what they cost, for one image of `size` × `size` pixels, as `litevae summary --format json` prints it. */
export interface Summary {
  /** Its name. */
  readonly model: string;
  /** Height and width of the image in pixels. */
  readonly size: number;
  /** Of an autoencoder. */
  readonly latentChannels?: number | undefined;
  /** By the names of the model's parts; null for one that only training runs, a discriminator, where the size does not fit it. */
  readonly parts: Readonly<Record<string, PartSummary | null>>;
  /** What was not measured, and why; absent where there is nothing to say. */
  readonly notes?: readonly Note[];
}

/** A part, and the tree of its modules. */
export interface PartSummary extends PartRecord {
  /** How far its outputs look; null of a part that takes images of one size. */
  readonly receptiveField: ReceptiveField | null;
  /** Shapes by output name. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** Parents before children; the first is the part itself. */
  readonly modules: readonly SummaryRow[];
}

/** A line of the tree; the first of a part is the part itself. */
export interface SummaryRow extends Counts {
  /** The module's one name, such as `encoder.extractors.0.conv_in`; of the first the part's. */
  readonly path: string;
  /** The name of the block or of the layer's op; `part` where the part is no single module. */
  readonly kind: string;
  /** Levels below the part. */
  readonly level: number;
  /** How often the part calls it. */
  readonly calls: number;
  /** The distinct shapes that come out, in the order in which they first do. */
  readonly outputs: readonly (readonly number[])[];
  /** 2 · macs. */
  readonly flops: number;
}

/** A model's modules with their costs, down to so many levels below the part: 0 for the parts alone. */
export function summaryOf({ model, size, latentChannels, parts, notes }: ModelCounts, depth = Infinity): Summary {
  const entries = Object.entries(parts).flatMap(([name, part]) =>
    part === undefined ? [] : [[name, part === null ? null : partSummary(part, depth)] as const],
  );
  return { model, size, latentChannels, parts: Object.fromEntries(entries), ...(notes.length === 0 ? {} : { notes }) };
}

function partSummary(part: PartCounts, depth: number): PartSummary {
  const { receptiveField = null, outputs } = part;
  return { ...partRecord(part), receptiveField, outputs, modules: summaryRows(part, depth) };
}

/** The report as text that ends in a line feed. */
export function formatSummary(summary: Summary, { format = "table", width }: SummaryFormat = {}): string {
  if (format === "json") return jsonText(summary);
  if (format === "csv") return summaryCsv(summary);
  const { model, size, latentChannels } = summary;
  const heading = `${model} at ${size}×${size}${latentChannels === undefined ? "" : `, latent channels ${latentChannels}`}, batch 1, float32`;
  const section = (name: string, part: PartSummary | null): string => {
    if (part === null) return format === "md" ? `## ${name}\n\nDoes not fit this size.\n` : `${name} does not fit this size\n`;
    const { modules: rows } = part;
    const table =
      format === "md"
        ? markdownTable(grid(rows, ({ path }) => `\`${path}\``, ", "))
        : textTable(grid(rows, treeLabel(rows), "\n"), width);
    return format === "md" ? `## ${name}\n\n${table}\n${totals(part)}.\n` : `${table}${name}: ${totals(part)}\n`;
  };
  const sections = Object.entries(summary.parts).map(([name, part]) => section(name, part));
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
    flops: flopsOf(part),
    activationBytes: part.activationBytes,
  };
  const below = (modules: readonly ModuleCounts[], level: number): readonly SummaryRow[] =>
    level > depth
      ? []
      : modules.flatMap((module) => {
          const { path, kind, calls, outputs, params, macs, activationBytes, children } = module;
          const row = { path, kind, level, calls, outputs, params, macs, flops: flopsOf(module), activationBytes };
          return [row, ...below(children, level + 1)];
        });
  return [root, ...below(merged?.children ?? part.modules, 1)];
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
function totals(part: PartSummary): string {
  return [
    `${integer(part.params)} parameters`,
    exactly(part.macs, "MACs", "MACs", decimalScales, 3),
    exactly(part.flops, "FLOPs = 2·MACs", "FLOPs", decimalScales, 3),
    ...memoryFigures.map(({ key, name }) => {
      const bytes = part[key];
      return `${name} ${bytes === null ? uncounted : exactly(bytes, "bytes", "B", binaryScales, 2)}`;
    }),
    ...(part.receptiveField === null ? [] : [fieldText(part.receptiveField)]),
  ].join("; ");
}

function summaryCsv({ parts }: Summary): string {
  const rows = Object.entries(parts).flatMap(([name, part]) =>
    part === null
      ? []
      : part.modules.map((row) => [
          name,
          row.path,
          row.level,
          row.kind,
          row.calls,
          row.outputs.map((shape) => shape.join("x")).join(" "),
          row.params,
          row.macs,
          row.flops,
          row.activationBytes,
        ]),
  );
  return csvTable(
    ["part", "path", "level", "kind", "calls", "output_shapes", "params", "macs", "flops", "activation_bytes"],
    rows,
  );
}
