/** What `check` says of files that cannot be read, and of imports that find nothing. */
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { typeErrors } from "../../src/api/node/types/typecheck.ts";
import { nodeMarked } from "../../src/api/node/types/type-nodes.ts";
import { cure } from "../../src/api/node/types/type-words.ts";
import { Project } from "ts-morph";
import { tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();

const saidOf = (file: string): readonly string[] =>
  typeErrors(join(folder, file)).map(({ where, help }) => `${where?.line}: ${help.replaceAll(folder, "FOLDER")}`);

test("an import that finds nothing is one error, which says where the names are", () => {
  write(folder, {
    "helper.ts": "export const norms = 1;\nexport const widths = 2;\n",
    "imports.ts": `import { block, conv2d, litevae, type Feature } from "litevae";
import { haarDWT, ReLU, whatever, layers } from "litevae/dsl";
import { UNet, groupNorm } from "litevae/layers";
import { model } from "litevae/layer";
import conv from "litevae/dsl";
import * as all from "litevae";
import { norm } from "./helper.ts";
import { widths } from "./helpr.ts";
import { norms } from "./helper";
import { nothing } from "./nothing.ts";
import { sum } from "a-package-of-nobody";
export const own = [block, conv2d, litevae, haarDwt, ReLU, whatever, UNet, groupNorm, model, conv, norm, widths, norms, nothing, sum, layers];
export const made = all.conv2d({ in: 3, out: 4 });
export type F = Feature<3, 1>;
`,
  });
  expect(saidOf("imports.ts")).toMatchInlineSnapshot(`
    [
      "1: block, conv2d, Feature are in litevae/dsl: import them from there, import { … } from "litevae/dsl"",
      "2: did you mean haarDwt?",
      "2: did you mean relu?",
      "2: docs/ops.md of litevae lists what there is; what is not there can be an op of your own: defineOp of litevae/op, docs/own-ops.md",
      "3: models import from litevae, litevae/dsl, litevae/blocks, litevae/op",
      "4: models import from litevae, litevae/dsl, litevae/blocks, litevae/op: did you mean "litevae/dsl"?",
      "5: litevae/dsl has no default export: its names stand in braces, import { conv } from "litevae/dsl"",
      "7: did you mean norms?",
      "8: there is no file FOLDER/helpr.ts: did you mean helper.ts?",
      "10: there is no file FOLDER/nothing.ts: check the path, which starts at this file's folder",
      "11: no package a-package-of-nobody with types is found from here: npm install a-package-of-nobody",
      "13: conv2d is in litevae/dsl: import it from there, import { … } from "litevae/dsl"",
    ]
  `);
});

const before = `import { block, conv2d, layers, type Feature } from "litevae/dsl";\nexport const B = block("B", () => {\n`;
const after = `\n  return (x: Feature<3, 1>) => x;\n});\nexport const wrong: number = "and this is told once the file can be read";\n`;

test("in a file that cannot be read the bracket that is at fault is told, and nothing else", () => {
  const lines = {
    "a list that stays open": "  const [a, b = [1, 2];\n  const text = `${a} { ${b}`;",
    "a call that stays open": "  const l = layers({ conv: conv2d({ in: 3, out: 4 });",
    "settings that stay open": "  const l = layers({ conv: conv2d({ in: 3, out: 4 ) });",
    "a bracket too many": "  const l = layers({ conv: conv2d({ in: 3, out: 4 }) }));",
    "a comma that lacks": "  const l = layers({ conv: conv2d({ in: 3 out: 4 }) });",
    "a function that stays open":
      "  const twice = (x: number): number => {\n    return 2 * x;\n  const l = { f: { g: `${twice({}.a)}}` } };",
    "no bracket": "  const = 3;",
  };
  write(folder, Object.fromEntries(Object.entries(lines).map(([name, text]) => [`${name}.ts`, before + text + after])));
  write(folder, {
    "syntax.ts": Object.keys(lines)
      .map((name) => `import "./${name}.ts";\n`)
      .join(""),
  });
  const said = typeErrors(join(folder, "syntax.ts")).map(
    ({ where, help }) => `${basename(where?.file ?? "", ".ts")}, ${where?.line}: ${help}`,
  );
  expect(said).toMatchInlineSnapshot(`
    [
      "a list that stays open, 3: the [ of line 3 is not closed: write ] where it ends",
      "a call that stays open, 3: the { of line 3 is not closed: write } where it ends",
      "settings that stay open, 3: the { of line 3 is not closed: write } where it ends",
      "a bracket too many, 3: the ) of line 3 closes nothing: leave it out, or write what it closes before it",
      "a comma that lacks, 3: write a comma after 3",
      "a function that stays open, 7: the { of line 2, or one after it, is not closed: write } where it ends",
      "no bracket, 3: correct the syntax here; types are checked once the file can be read",
    ]
  `);
});

test("where a cure fails, the next is looked for, and TypeScript's own error is told in any case", () => {
  const file = new Project({ useInMemoryFileSystem: true }).createSourceFile("a.ts", "const a: number = 'a';\n");
  const marked = { code: 2322, lines: ["no"], node: nodeMarked(file, 6, 1), exported: [], exports: {}, modules: {} };
  const fails = (): string => {
    throw new TypeError("of whoever wrote it");
  };
  expect(cure(marked, [fails, () => "found"])).toBe("found");
  expect(cure(marked, [fails])).toMatch(/^correct the types here/);
});
