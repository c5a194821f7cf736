/** What an author says of a block reads in Python as it was written. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { authorDocs } from "../../src/artifact/author-docs.ts";
import type { Definition } from "../../src/ir/model.ts";
import { docLines } from "../../src/targets/torch/printer.ts";

const folder = mkdtempSync(join(tmpdir(), "litevae-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** The docstring of a block with this comment. */
function docstringOf(comment: string): string {
  const file = join(folder, `model${++files}.ts`);
  writeFileSync(file, `${comment}\nexport const Res = block("Res", () => {});\n`);
  const line = comment.split("\n").length + 1;
  const trace = { stack: `Error\n    at Object.<anonymous> (${file}:${line}:20)` };
  return docLines(authorDocs({ source: { trace } } as unknown as Definition), 0).join("\n");
}

test("paragraphs are one line each, items and code keep theirs, tags and links go", () => {
  const text = docstringOf(`/**
 * A stage of {@link Encoder}, in
 * two lines:
 * - first it scales, which takes
 *   two lines
 * - then it adds
 *
 *     add(x, y)
 *     scale(x)
 *
 * @param channels how many
 *   of them
 * @returns a function
 */`);
  expect(text).toBe(`"""A stage of Encoder, in two lines:
- first it scales, which takes two lines
- then it adds

    add(x, y)
    scale(x)
"""`);
});

test("a backslash is one", () => {
  expect(docstringOf("/** Scaled by \\alpha. */")).toBe('r"""Scaled by \\alpha."""');
});

test("closing quotes never stand below a single line that they are too much for: formatters would join them to it", () => {
  for (let length = 96; length <= 112; length++) {
    const lines = docLines([`${"ab ".repeat(60).slice(0, length - 1)}c`], 4);
    expect(lines.length === 1 || lines.length > 2, `${length} letters`).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110);
  }
});
