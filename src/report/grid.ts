/** Tables of text cells as aligned text, Markdown and CSV: libraries for these draw boxes or wrap cells, and none writes all three. */
import stringWidth from "string-width";
import { must } from "../errors/must.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

export interface Grid {
  readonly columns: readonly Column[];
  /** As many cells per row as there are columns. */
  readonly rows: readonly (readonly string[])[];
}

export function left(title: string): Column {
  return { title, align: "left" };
}

export function right(title: string): Column {
  return { title, align: "right" };
}

/**
 * Columns padded to their widest cell, two spaces between them, a rule under the titles; a cell may have several lines. A cell is as wide
 * as a terminal shows it: a model is named after its file, and file names are in any language. Columns that do not fit into so many characters beside the first go
 * into further tables below, each with the first column.
 */
export function textTable({ columns, rows: all }: Grid, width = Infinity): string {
  const rows = all.flatMap(linesOf);
  const widths = columns.map(({ title }, i) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(must(row[i], `the cell of ${title}`)))),
  );
  const line = (shown: readonly number[], cells: readonly string[]): string =>
    shown
      .map((i) => {
        const { align, title } = must(columns[i], "a column");
        const cell = must(cells[i], `the cell of ${title}`);
        const padding = " ".repeat((widths[i] as number) - stringWidth(cell));
        return align === "left" ? cell + padding : padding + cell;
      })
      .join("  ")
      .trimEnd();
  return tablesOf(widths, width)
    .map((shown) => {
      const rule = shown.map((i) => "─".repeat(widths[i] as number)).join("  ");
      const titles = columns.map(({ title }) => title);
      return [line(shown, titles), rule, ...rows.map((row) => line(shown, row))].map((text) => `${text}\n`).join("");
    })
    .join("\n");
}

/** Which columns stand in which table. */
function tablesOf(widths: readonly number[], most: number): readonly (readonly number[])[] {
  const [first] = widths;
  if (first === undefined) return [];
  const tables: number[][] = [];
  let left = 0;
  for (let i = 1; i < widths.length; i++) {
    const needed = 2 + (widths[i] as number);
    const table = tables.at(-1);
    if (table === undefined || left < needed) {
      tables.push([0, i]);
      left = most - first - needed;
    } else {
      table.push(i);
      left -= needed;
    }
  }
  return tables.length === 0 ? [[0]] : tables;
}

/** What stands below a cell of fewer lines than its row has. */
const blank = "";

/** A row as one for every line of its tallest cell. */
function linesOf(row: readonly string[]): readonly (readonly string[])[] {
  const cells = row.map((cell) => cell.split("\n"));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, i) => cells.map((lines) => lines.at(i) ?? blank));
}

/** A GitHub-flavoured Markdown table. */
export function markdownTable({ columns, rows }: Grid): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  const rule = columns.map(({ align }) => (align === "left" ? ":---" : "---:"));
  return [columns.map(({ title }) => title), rule, ...rows].map(line).join("");
}

/** Comma-separated values (RFC 4180, but with bare line feeds); null is an empty field. */
export function csvTable(header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const field = (value: string | number | null): string => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => `${row.map(field).join(",")}\n`).join("");
}
