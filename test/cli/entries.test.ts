/** What the package exports is one list, which package.json and tsconfig.json repeat, as they do the version: neither can compute. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modules } from "../../src/api/entries.ts";
import { version } from "../../src/ir/version.ts";
import { root } from "../e2e/litevae.ts";

const json = (file: string): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(join(root, file), "utf8")) as Readonly<Record<string, unknown>>;
const named = Object.entries(modules);

test("package.json exports it, built, for every way to look for types", () => {
  const { exports, typesVersions, main, types } = json("package.json");
  const entries = named.map(([name, module]) => {
    return [name.replace(/^litevae/, "."), { types: `./dist/${module}.d.ts`, default: `./dist/${module}.js` }] as const;
  });
  expect(exports).toEqual({ ...Object.fromEntries(entries), "./schemas/*": "./dist/src/schemas/*" });
  // What does not know exports: TypeScript's node10.
  const paths = named.filter(([name]) => name !== "litevae");
  const older = paths.map(([name, module]) => [name.replace("litevae/", ""), [`./dist/${module}.d.ts`]] as const);
  expect(typesVersions).toEqual({ "*": Object.fromEntries(older) });
  expect([main, types]).toEqual([`./dist/${modules["litevae"]}.js`, `./dist/${modules["litevae"]}.d.ts`]);
});

test("package.json says the version", () => {
  expect(json("package.json")["version"]).toBe(version);
});

test("tsconfig.json has it, as sources", () => {
  const paths = Object.fromEntries(named.map(([name, module]) => [name, [`./${module}.ts`]]));
  expect(json("tsconfig.json")).toMatchObject({ compilerOptions: { paths } });
});
