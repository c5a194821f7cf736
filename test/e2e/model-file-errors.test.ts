/** What people are told when a model's file is wrong: its path, its code or what it exports: whole messages and exit codes. */
// @module-tag slow
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { failure } from "./in-process.ts";
import { litevae as inItsOwnProcess, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

const wrong = (...args: readonly string[]): Promise<string> => failure(folder, 1, ...args);

describe("the file of a model (exit code 1)", () => {
  const compile = (...args: readonly string[]): Promise<string> => wrong("compile", ...args, "-o", "out");

  test("a file that is missing", async () => {
    expect(await compile("missing.ts")).toMatchInlineSnapshot(`
      "
      error: there is no file missing.ts
        help:     give the path of a .ts file whose default export is a model
      "
    `);
  });
  test("a file of another kind", async () => {
    expect(await compile("./tiny.md")).toMatchInlineSnapshot(`
      "
      error: there is no file ./tiny.md
        help:     give the path of a .ts file whose default export is a model
      "
    `);
    write(folder, { "tiny.md": "# tiny" });
    expect(await compile("./tiny.md")).toMatchInlineSnapshot(`
      "
      error: ./tiny.md is neither TypeScript nor JavaScript
        expected: a file that ends in .ts, .mts, .js, .mjs
        help:     give the path of a .ts file whose default export is a model
      "
    `);
  });
  test("a folder", async () => {
    mkdirSync(join(folder, "models"));
    expect(await wrong("check", "./models")).toBe(await compile("./models"));
    expect(await compile("./models")).toMatchInlineSnapshot(`
      "
      error: ./models has no config.json that says what it is
        expected: a folder of an autoencoder, as diffusers and litevae save them
        help:     give a built-in name, a .ts file or such a folder
      "
    `);
  });
  test("a syntax error", async () => {
    write(folder, {
      "syntax.ts": 'import { litevae } from "litevae";\nexport default litevae({ variant: "B", });\nconst a = = 1;\n',
    });
    expect(await compile("syntax.ts")).toMatchInlineSnapshot(`
      "
      error: the file is not valid TypeScript: Unexpected token
        at syntax.ts:3:11
          1 | import { litevae } from "litevae";
          2 | export default litevae({ variant: "B", });
        > 3 | const a = = 1;
            |           ^
          4 |
        help:     correct the syntax here
      "
    `);
  });
  test("a syntax error in a file that it imports", async () => {
    write(folder, {
      "imports-syntax.ts": 'import { a } from "./parts/broken.ts";\nexport default a;\n',
      "parts/broken.ts": "export const a = {\n  b: 1;\n};\n",
    });
    expect(await compile("imports-syntax.ts")).toMatchInlineSnapshot(`
      "
      error: the file is not valid TypeScript: Unexpected token, expected ","
        at parts/broken.ts:2:7
          1 | export const a = {
        > 2 |   b: 1;
            |       ^
          3 | };
        help:     correct the syntax here
      "
    `);
  });
  test("an exception in its code", async () => {
    write(folder, {
      "my work (1)/throws.ts":
        'import { readFileSync } from "node:fs";\n\nconst widths = JSON.parse(readFileSync("widths.json", "utf8"));\nexport default widths;\n',
    });
    expect(await compile("my work (1)/throws.ts")).toMatchInlineSnapshot(`
      "
      error: Error in the model's code: ENOENT: no such file or directory, open 'widths.json'
        at my work (1)/throws.ts:3
          1 | import { readFileSync } from "node:fs";
          2 |
        > 3 | const widths = JSON.parse(readFileSync("widths.json", "utf8"));
          4 | export default widths;
        help:     correct the code at this line
      "
    `);
  });
  test("something thrown that is no Error", async () => {
    write(folder, { "throws-text.ts": 'throw "not yet";\n' });
    expect(await compile("throws-text.ts")).toMatchInlineSnapshot(`
      "
      error: the model's code throws "not yet"
        at throws-text.ts:1
        > 1 | throw "not yet";
          2 |
        help:     throw new Error(…), which tells its line
      "
    `);
  });
  test("a block that calls itself without end", async () => {
    write(folder, {
      "endless.ts":
        'import { block, layers, model } from "litevae/dsl";\n\nconst Deep = block("Deep", (): any => {\n  const { inner } = layers({ inner: Deep() });\n  return inner;\n});\nexport default model({ latentChannels: 4, encoder: Deep(), decoder: Deep() });\n',
    });
    expect(await compile("endless.ts")).toMatchInlineSnapshot(`
      "
      error: RangeError in the model's code: Maximum call stack size exceeded
        at endless.ts:4
          2 |
          3 | const Deep = block("Deep", (): any => {
        > 4 |   const { inner } = layers({ inner: Deep() });
          5 |   return inner;
        help:     correct the code at this line
      "
    `);
  });
  test("a file that it imports and that is not there", async () => {
    write(folder, {
      "imports-missing.ts":
        'import { litevae } from "litevae";\nimport { width } from "./widths.ts";\n\nexport default litevae({ variant: "B", decoder: { base: width } });\n',
    });
    expect(await compile("imports-missing.ts")).toMatchInlineSnapshot(`
      "
      error: cannot find module './widths.ts'
        at imports-missing.ts:2
          1 | import { litevae } from "litevae";
        > 2 | import { width } from "./widths.ts";
          3 |
        help:     check the import's path; models import from litevae, litevae/dsl, litevae/blocks, litevae/op
      "
    `);
  });
  test("a package that is not installed", async () => {
    write(folder, { "imports-package.ts": 'import { width } from "no-such-package-of-widths";\n\nexport default width;\n' });
    expect(await compile("imports-package.ts")).toMatchInlineSnapshot(`
      "
      error: cannot find module 'no-such-package-of-widths'
        at imports-package.ts:1
        > 1 | import { width } from "no-such-package-of-widths";
          2 |
        help:     check the import's path; models import from litevae, litevae/dsl, litevae/blocks, litevae/op
      "
    `);
  });
  test("an await that never ends", () => {
    write(folder, {
      "endless.ts":
        'import { litevae } from "litevae";\nawait new Promise(() => {});\nexport default litevae({ variant: "S" });\n',
    });
    // That nothing is left to happen is known of a process of its own alone.
    const { code, stderr } = inItsOwnProcess(folder, "compile", "endless.ts", "-o", "out");
    expect(code).toBe(1);
    expect(`\n${stderr}`).toMatchInlineSnapshot(`
      "
      error: the model's code never ends: it awaits something that does not come
        at endless.ts:1
        > 1 | import { litevae } from "litevae";
          2 | await new Promise(() => {});
        help:     correct the await at the top level of this file, or of one that it imports
      "
    `);
  });
  test("no default export", async () => {
    write(folder, { "no-default.ts": 'import { litevae } from "litevae";\nexport const small = litevae({ variant: "S" });\n' });
    expect(await compile("no-default.ts")).toMatchInlineSnapshot(`
      "
      error: no-default.ts has no model as its default export
        at no-default.ts:1
        > 1 | import { litevae } from "litevae";
          2 | export const small = litevae({ variant: "S" });
        expected: export default litevae({ … }) or export default model({ … }) or export default network({ … })
        found:    exports: small
        help:     add export default before the model
      "
    `);
  });
  test("a default export that is no model", async () => {
    write(folder, { "function.ts": 'import { litevae } from "litevae";\nexport default () => litevae({ variant: "S" });\n' });
    expect(await compile("function.ts")).toMatchInlineSnapshot(`
      "
      error: function.ts has no model as its default export
        at function.ts:2
          1 | import { litevae } from "litevae";
        > 2 | export default () => litevae({ variant: "S" });
          3 |
        expected: export default litevae({ … }) or export default model({ … }) or export default network({ … })
        found:    export default of a function
        help:     export what litevae({ … }) or model({ … }) or network({ … }) returns
      "
    `);
  });
  test("a default export that is a block, or an instance of one", async () => {
    const head = `import { block, conv2d, layers, type Feature } from "litevae/dsl";
const Head = block("Head", ({ out }: { out: number }) => {
  const { conv } = layers({ conv: conv2d({ in: 3, out }) });
  return (x: Feature<3, 1>) => conv(x);
});
`;
    write(folder, {
      "block.ts": `${head}export default Head;\n`,
      "instance.ts": `${head}const head = Head({ out: 4 });\nexport { head as default };\n`,
    });
    expect(await compile("block.ts")).toMatchInlineSnapshot(`
      "
      error: block.ts has no model as its default export
        at block.ts:6
          4 |   return (x: Feature<3, 1>) => conv(x);
          5 | });
        > 6 | export default Head;
          7 |
        expected: export default litevae({ … }) or export default model({ … }) or export default network({ … })
        found:    export default of the block Head
        help:     a block is a network on its own with what it takes: export default network({ inputs: [{ channels: 3, stride: 1 }], block: Head({ … }) }), with network of litevae/dsl
      "
    `);
    expect(await compile("instance.ts")).toMatchInlineSnapshot(`
      "
      error: instance.ts has no model as its default export
        at instance.ts:7
          5 | });
          6 | const head = Head({ out: 4 });
        > 7 | export { head as default };
          8 |
        expected: export default litevae({ … }) or export default model({ … }) or export default network({ … })
        found:    export default of an instance of Head
        help:     a block is a network on its own with what it takes: export default network({ inputs: [{ channels: 3, stride: 1 }], block: Head({ … }) }), with network of litevae/dsl
      "
    `);
  });
  test("a default export that is an object, null or undefined", async () => {
    write(folder, { "object.ts": "export default {};\n", "null.ts": "export default null;\n" });
    write(folder, { "undefined.ts": "export default undefined;\n" });
    expect(await compile("undefined.ts")).toContain("found:    export default of undefined\n");
    expect(await compile("object.ts")).toContain("found:    export default of an object\n");
    expect(await compile("null.ts")).toContain("found:    export default of null\n");
  });
  test("a name of two lines", async () => {
    write(folder, {
      "name.ts": 'import { litevae } from "litevae";\n\nexport default litevae({ variant: "S", name: "mine\\nand yours" });\n',
    });
    expect(await compile("name.ts")).toMatchInlineSnapshot(`
      "
      error: name of model is not a line of text
        at name.ts:3
          1 | import { litevae } from "litevae";
          2 |
        > 3 | export default litevae({ variant: "S", name: "mine\\nand yours" });
          4 |
        op:       model
        expected: name: text without line breaks and control characters
        found:    name: "mine\\nand yours"
        help:     set name to plain text
      "
    `);
  });
  test("types: check names the line, the column and both features", async () => {
    write(folder, {
      "types.ts": tinyModel.replace("out: conv2d({ in: 8, out: 8 }),", "out: conv2d({ in: 16, out: 8 }),"),
    });
    expect(await wrong("check", "types.ts")).toMatchInlineSnapshot(`
      "
      checking types
      error: Argument of type 'Feature<8, 4>' is not assignable to parameter of type 'Feature<16, 4>'. (TS2345)
        at types.ts:9:51
           7 |     out: conv2d({ in: 16, out: 8 }),
           8 |   });
        >  9 |   return (x: Feature<3, 1>): Feature<8, 4> => out(silu(norm(down(x))));
             |                                                   ^
          10 | });
        found:    Type '8' is not assignable to type '16'.
        help:     the feature has 8 channels and 16 are wanted: change the layer here, or the one before it
      "
    `);
  });
  test("nothing of this leaves a folder", () => {
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
