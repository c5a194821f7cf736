/** What people are told when a model's file is wrong: whole messages and exit codes. */
// @module-tag slow
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { failure, litevae } from "./in-process.ts";
import { litevae as inItsOwnProcess, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

const wrong = (...args: readonly string[]): Promise<string> => failure(folder, 1, ...args);

describe("the model (exit code 1)", () => {
  const compile = (...args: readonly string[]): Promise<string> => wrong("compile", ...args, "-o", "out");

  test("an unknown name", async () => {
    expect(await compile("sdvae")).toMatchInlineSnapshot(`
      "
      error: no model is called sdvae
        expected: a built-in name (s, s-smc, b, b-smc, m, m-smc, l, l-smc, sd-vae, vae-small, nano) or a .ts file
        found:    sdvae
        help:     did you mean sd-vae?
      "
    `);
  });
  test("an unknown name that is like none", async () => {
    expect(await compile("x")).toMatchInlineSnapshot(`
      "
      error: no model is called x
        expected: a built-in name (s, s-smc, b, b-smc, m, m-smc, l, l-smc, sd-vae, vae-small, nano) or a .ts file
        found:    x
        help:     run litevae list for the built-in models
      "
    `);
  });
  test("--latent with a file", async () => {
    expect(await compile("tiny.ts", "--latent", "8")).toMatchInlineSnapshot(`
      "
      error: --latent applies to built-in models, and tiny.ts is a file
        help:     set latentChannels in the file
      "
    `);
  });
  test("weights that no tensor or no machine holds, with the folder left alone", async () => {
    const wide = (
      width: number,
      depth: number,
    ): string => `import { block, conv2d, layers, model, upsample, type Feature } from "litevae/dsl";
const Encoder = block("Encoder", () => {
  const { first, mid, out } = layers({
    first: conv2d({ in: 3, out: ${width}, stride: 4 }),
    mid: Array.from({ length: ${depth} }, () => conv2d({ in: ${width}, out: ${width} })),
    out: conv2d({ in: ${width}, out: 8 }),
  });
  return (x: Feature<3, 1>): Feature<8, 4> => out(mid.reduce((y, conv) => conv(y), first(x)));
});
const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
  return (z: Feature<4, 4>): Feature<3, 1> => upsample(conv(z), { factor: 4 });
});
export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
`;
    write(folder, { "wide.ts": wide(200_000, 1), "deep.ts": wide(10_000, 4000) });
    expect(await wrong("compile", "wide.ts", "-o", "wide")).toMatchInlineSnapshot(`
      "
      error: encoder.mid.0.weight of wide needs 1,341 GiB, 1,337 GiB more than a tensor can have
        in:       encoder.mid.0
        expected: at most 4 GiB
        found:    encoder.mid.0.weight [200000, 200000, 3, 3], 1,341 GiB
        help:     lower the channels there; litevae summary lists the parameters of every module
      "
    `);
    expect(
      (await wrong("compile", "deep.ts", "-o", "wide"))
        .replace(/1?[\d,]+(?:\.\d+)? GiB (more|$)/gm, "… GiB $1")
        .replace(/at most .*/, "at most …"),
    ).toMatchInlineSnapshot(`
      "
      error: the weights of deep need 13,410 GiB, … GiB more than this machine has memory
        in:       encoder.mid.0
        expected: at most …
        found:    the largest: encoder.mid.0.weight [10000, 10000, 3, 3], 3.353 GiB
        help:     lower the channels there; litevae summary lists the parameters of every module
      "
    `);
    expect(existsSync(join(folder, "wide"))).toBe(false);
  });
  test("a discriminator that ONNX has no form for, with the folder left alone", async () => {
    const options = `{ variant: "S", discriminator: { kind: "stylegan", resolution: 8, channels: 4 } }`;
    write(folder, { "style.ts": `import { litevae } from "litevae";\nexport default litevae(${options});\n` });
    const flags = ["compile", "style.ts", "-o", "style", "--parts", "encoder,discriminator"];
    expect(await wrong(...flags, "--target", "onnx,torch")).toMatchInlineSnapshot(`
      "
      error: the discriminator has no form in ONNX: its statistic joins the images of a batch, which inference looks at one by one
        at style.ts:2
          1 | import { litevae } from "litevae";
        > 2 | export default litevae({ variant: "S", discriminator: { kind: "stylegan", resolution: 8, channels: 4 } });
          3 |
        in:       discriminator
        op:       minibatchStddev
        help:     leave discriminator out of --parts, or write a PyTorch package alone with --target torch
      "
    `);
    expect(existsSync(join(folder, "style"))).toBe(false);
    expect((await litevae(folder, ...flags, "--target", "torch")).code).toBe(0);
  });
  test("a part that the model has not", async () => {
    expect(await compile("tiny.ts", "--parts", "encoder,discriminator")).toMatchInlineSnapshot(`
      "
      error: tiny has no discriminator
        found:    encoder, decoder
        help:     leave it out of --parts, or add it to the model
      "
    `);
  });
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
      error: there is no file ./models
        found:    a folder
        help:     give the path of a .ts file whose default export is a model
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
        help:     mend the syntax at this place
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
        help:     mend the syntax at this place
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
        help:     mend the code at this line
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
        help:     mend the code at this line
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
        help:     check the import's path; models import from litevae and litevae/dsl
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
        help:     check the import's path; models import from litevae and litevae/dsl
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
        help:     mend the await at the top level of this file, or of one that it imports
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
        expected: export default litevae({ … }) or export default model({ … })
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
        at function.ts:1
        > 1 | import { litevae } from "litevae";
          2 | export default () => litevae({ variant: "S" });
        expected: export default litevae({ … }) or export default model({ … })
        found:    export default of a function
        help:     export what litevae({ … }) or model({ … }) returns
      "
    `);
  });
  test("a default export that is an object or null", async () => {
    write(folder, { "object.ts": "export default {};\n", "null.ts": "export default null;\n" });
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
  test("an option that the model has not", async () => {
    write(folder, {
      "variant.ts": 'import { litevae } from "litevae";\n\nconst variant = "XL" as "L";\nexport default litevae({ variant });\n',
    });
    expect(await compile("variant.ts")).toMatchInlineSnapshot(`
      "
      error: variant of litevae has no such choice
        at variant.ts:4
          2 |
          3 | const variant = "XL" as "L";
        > 4 | export default litevae({ variant });
          5 |
        expected: S, B, M, L
        found:    XL
        help:     choose one of S, B, M, L
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
