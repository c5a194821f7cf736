/** The scripts of docs/api.md run and print what stands below them; those with a file's name are part of that example. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { typeErrors } from "../../src/api/node/types/typecheck.ts";
import { writeImage } from "../e2e/encoding.ts";
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

beforeAll(async () => {
  await writeImage(folder, "photos/small.png", 7, 60, 40);
  write(folder, Object.fromEntries(scripts.map(({ name, code }) => [name, code])));
  write(folder, { "package.json": '{ "type": "module" }' });
});

// In one program, which takes as long as one for each; a file with an error shows that they are looked at.
test("no script of docs/api.md has an error of types", () => {
  const all = [...scripts.map(({ name }) => name), "wrong.ts"].map((name) => `import "./${name}";\n`).join("");
  write(folder, { "all.ts": all, "wrong.ts": 'export const one: number = "1";\n' });
  expect(typeErrors(join(folder, "all.ts"))).toMatchObject([{ where: { file: join(folder, "wrong.ts") } }]);
});

test.each(scripts)("$name of docs/api.md prints what it says", async ({ name, printed }) => {
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
