import { codeFrameColumns } from "@babel/code-frame";
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Note, Place } from "../errors/index.ts";
import { coloured, styled } from "./colour.ts";

const colours = { error: "red", warning: "yellow", note: "cyan" } as const;

/** A report as text: what, place with a code frame, the facts, the remedy. */
export function renderReport(report: Note, severity: keyof typeof colours = "error"): string {
  const lines = [`${styled(["bold", colours[severity]], `${severity}:`)} ${styled("bold", report.what)}`];
  if (report.where !== undefined) lines.push(...renderPlace(report.where));
  const facts = { in: report.module, op: report.op, expected: report.expected, found: report.found, help: report.help };
  for (const [label, text] of Object.entries(facts)) {
    if (text !== undefined)
      lines.push(
        `  ${styled(label === "help" ? "green" : "dim", `${label}:`.padEnd(9))} ${text.replaceAll("\n", "\n            ")}`,
      );
  }
  return `${lines.join("\n")}\n`;
}

/** Notes as lines for stderr. */
export function renderNotes(notes: readonly Note[]): string {
  return notes.map((note) => renderReport(note, note.severity ?? "note")).join("");
}

/** `model.ts:5:3`: from the working directory where the file lies in it. */
export function placeText({ file, line, column }: Place): string {
  const shown = relative(process.cwd(), file);
  return `${shown.startsWith("..") ? file : shown}:${line}${column === undefined ? "" : `:${column}`}`;
}

function renderPlace(place: Place): readonly string[] {
  const { file, line, column } = place;
  const head = `  at ${placeText(place)}`;
  if (!existsSync(file)) return [head];
  const frame = codeFrameColumns(
    readFileSync(file, "utf8"),
    { start: column === undefined ? { line } : { line, column } },
    { linesAbove: 2, linesBelow: 1, highlightCode: coloured(), forceColor: coloured() },
  );
  return [head, ...frame.split("\n").map((row) => `  ${row}`)];
}
