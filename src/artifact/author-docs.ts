/** What authors say of their blocks: the comment above a block's definition, read from the file that holds it. */
import { readFileSync } from "node:fs";
import type { Definition } from "../ir/model.ts";
import { callerOf } from "../ir/source.ts";

const files = new Map<string, readonly string[]>();

/** The paragraphs of the documentation comment above `block(…)`; none where there is no comment, or the file is not to be read. */
export function authorDocs({ source }: Definition): readonly string[] {
  const place = callerOf(source);
  return place === undefined ? [] : paragraphs(commentAbove(linesOf(place.file), place.line - 1));
}

function linesOf(file: string): readonly string[] {
  const known = files.get(file);
  if (known !== undefined) return known;
  let lines: readonly string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    // Code that was never a file: what is said of it is not known.
    lines = [];
  }
  files.set(file, lines);
  return lines;
}

/** The lines of the comment that ends right above the statement in which `at` stands; a statement begins at the margin of its block. */
function commentAbove(lines: readonly string[], at: number): readonly string[] {
  let start = at;
  while (start > 0 && at - start < 3 && !/^\s*(export|const|let|return|static)\b/.test(lines[start] ?? "")) start--;
  const end = start - 1;
  if (!/\*\/\s*$/.test(lines[end] ?? "")) return [];
  let begin = end;
  while (begin > 0 && !(lines[begin] ?? "").includes("/**")) begin--;
  return (lines[begin] ?? "").includes("/**") ? lines.slice(begin, end + 1) : [];
}

function paragraphs(comment: readonly string[]): readonly string[] {
  const text = comment.map((line) =>
    line
      .replace(/^\s*\/\*\*/, "")
      .replace(/\*\/\s*$/, "")
      .replace(/^\s*\* ?/, "")
      .trim(),
  );
  const prose = text.filter((line) => !line.startsWith("@")).join("\n");
  return prose
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replaceAll("\n", " ").trim())
    .filter((paragraph) => paragraph !== "");
}
