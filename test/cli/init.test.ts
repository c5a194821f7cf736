/** The project that `litevae init` writes: what an editor marks in it, and what happens beside files that are there. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();

test("an editor finds nothing wrong in a project whose files import one another, and what is wrong in recipes", async () => {
  expect((await litevae(folder, "init", "fresh")).code).toBe(0);
  const project = join(folder, "fresh");
  mkdirSync(join(project, "node_modules"));
  symlinkSync(root, join(project, "node_modules/litevae"));
  write(project, {
    "blocks.ts": 'export { default as whole } from "./model.ts";\nexport const width: number = 64;\n',
    "mine.ts": 'import { whole, width } from "./blocks.ts";\nexport default [whole, width];\n',
    "recipes/long.ts": 'import { width } from "../blocks.ts";\nexport const wrong: string = width;\n',
  });
  const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], { encoding: "utf8" });
  expect(tsc.stdout.replaceAll(project, "")).toMatch(/^\S*recipes\/long\.ts\(2,14\): error TS2322: [^\n]*\n$/);
});

test("every level of the starter's bands reaches its latent", async () => {
  expect((await litevae(folder, "init", "whole")).code).toBe(0);
  const { stdout } = await litevae(folder, "summary", "whole/model.ts", "--size", "64");
  expect(stdout).toMatch(/fine .*\n.*middle .*\n.*coarse /);
});

test("beside files that are there it writes the others, and says what those may lack", async () => {
  const own = '{ "name": "own", "scripts": { "check": "own-check" }, "dependencies": { "litevae": "*" } }\n';
  write(folder, { "there/package.json": own, "there/.gitignore": "node_modules/\n" });
  const { code, stdout } = await litevae(folder, "init", "there");
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "model.ts, tsconfig.json written.
    package.json was there and is as it was. What it may lack:
      {
        "scripts": {
          "summary": "litevae summary model.ts",
          "compare": "litevae compare model.ts nano",
          "compile": "litevae compile model.ts -o out/model --target onnx,torch"
        }
      }
    .gitignore was there and is as it was. What it may lack:
      out/
    Now:
      cd there
      npm install
      npx litevae check model.ts
      npx litevae compile model.ts -o out/model --target onnx,torch
    "
  `);
  expect(readFileSync(join(folder, "there/package.json"), "utf8")).toBe(own);
  expect(JSON.parse(readFileSync(join(folder, "there/tsconfig.json"), "utf8"))).toMatchObject({
    compilerOptions: { allowImportingTsExtensions: true },
  });
  const again = await litevae(folder, "init", "there");
  expect([again.code, again.stderr]).toEqual([
    1,
    "error: model.ts, package.json, tsconfig.json, .gitignore are in there already\n  help:     choose another folder: litevae init my-model\n",
  ]);
});

test("a model and a tsconfig.json of one's own stay, too", async () => {
  write(folder, { "own/model.ts": "", "own/tsconfig.json": "{}" });
  expect((await litevae(folder, "init", "own")).stdout).toContain(
    'package.json, .gitignore written.\nmodel.ts was there and is as it was.\ntsconfig.json was there and is as it was. What it may lack:\n  {\n    "compilerOptions": {\n',
  );
  expect(readFileSync(join(folder, "own/tsconfig.json"), "utf8")).toBe("{}");
});
