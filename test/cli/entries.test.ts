/** What model files import is one list, which package.json and tsconfig.json repeat: neither can compute. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { entries } from "../../src/cli/entries.ts";
import { root } from "../e2e/litevae.ts";

const json = (file: string): unknown => JSON.parse(readFileSync(join(root, file), "utf8"));

test("package.json exports it, built", () => {
  const exported = Object.entries(entries).map(([name, module]) => [
    name.replace(/^litevae/, "."),
    { types: `./dist/dsl/${module}.d.ts`, default: `./dist/dsl/${module}.js` },
  ]);
  expect(json("package.json")).toMatchObject({ exports: Object.fromEntries(exported) as object });
});

test("tsconfig.json has it, as sources", () => {
  const paths = Object.entries(entries).map(([name, module]) => [name, [`./dsl/${module}.ts`]]);
  expect(json("tsconfig.json")).toMatchObject({ compilerOptions: { paths: Object.fromEntries(paths) as object } });
});
