/** The scripts of docs/api.md run and print what stands below them; those with a file's name are part of that example. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { typeErrors } from "../../src/api/node/types/typecheck.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";

const text = readFileSync(join(root, "docs/api.md"), "utf8");
const scripts = [...text.matchAll(/^```ts\n(.*?)^```\n(?:\n```console\n(.*?)^```$)?/gms)].map(([, code = "", printed], i) => ({
  name: `script-${i}.ts`,
  code,
  printed,
}));
const shown = [...text.matchAll(/^```ts from=(\S+)\n(.*?)^```$/gms)].map(([, file = "", code = ""]) => ({ file, code }));
const folder = tempFolder();
const before = process.cwd();

afterEach(() => {
  vi.restoreAllMocks();
  process.chdir(before);
});

test("scripts are there, and each prints something", () => {
  expect(scripts.length).toBeGreaterThan(3);
  expect(scripts.filter(({ printed }) => printed === undefined)).toEqual([]);
});

test.each(scripts)("$name of docs/api.md has no error of types, and prints what it says", async ({ name, code, printed }) => {
  write(folder, { [name]: code, "package.json": '{ "type": "module" }' });
  expect(typeErrors(join(folder, name))).toEqual([]);
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...values: readonly unknown[]) => void lines.push(values.join(" ")));
  process.chdir(folder);
  await import(join(folder, name));
  expect(`${lines.join("\n")}\n`).toBe(printed);
});

test.each(shown)("$file is shown as it is", ({ file, code }) => {
  const [first = ""] = code.split("\n");
  const whole = readFileSync(join(root, file), "utf8");
  expect(whole.slice(whole.indexOf(first)).startsWith(code.trimEnd())).toBe(true);
});
