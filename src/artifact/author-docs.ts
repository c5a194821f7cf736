/** What authors say of their blocks: the comment above a block's definition, read from the file that holds it. */
import type { Definition } from "../ir/model.ts";
import { callerOf } from "../ir/source.ts";
import { authorFile } from "./author-file.ts";
import { once } from "./once.ts";

/** The paragraphs of the documentation comment above `block(…)`; none where there is no comment, or the file is not to be read. */
export function authorDocs({ source }: Definition): readonly string[] {
  const place = callerOf(source);
  return place === undefined ? [] : paragraphs(commentAbove(linesOf(place.file), place.line - 1));
}

const linesOf = once((file) => authorFile(file).split("\n"));

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

/** Lines of a paragraph are one, but for those that begin an item, a row of a table or code: these stay lines. */
function paragraphs(comment: readonly string[]): readonly string[] {
  const text = comment.map((line) =>
    line
      .replace(/^\s*\/\*\*\s?/, "")
      .replace(/\s*\*\/\s*$/, "")
      .replace(/^\s*\* ?/, "")
      .replaceAll(/\{@link(?:code|plain)?\s+([^}]*)\}/g, "$1")
      .trimEnd(),
  );
  // Tags come last, and what is behind one is its own.
  const tags = text.findIndex((line) => /^\s*@\w/.test(line));
  const found: string[] = [];
  let open = false;
  for (const line of tags < 0 ? text : text.slice(0, tags)) {
    const bare = line.trim();
    const code = /^\s{4,}\S/.test(line);
    const apart = code || /^\s*(\||[-*+] |\d+[.)] )/.test(line);
    const last = found.at(-1);
    if (open && last !== undefined && bare !== "") found[found.length - 1] = last + (apart ? `\n${line}` : ` ${bare}`);
    else if (bare !== "") found.push(code ? line : bare);
    open = bare !== "";
  }
  return found;
}
