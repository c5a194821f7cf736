/** What people are told when the command line, the model or a size is wrong: whole messages and exit codes. */
// @module-tag slow
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { main } from "../../src/cli/main.ts";
import { failure, litevae, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

const usage = (...args: readonly string[]): string => failure(folder, 2, ...args);
const wrong = (...args: readonly string[]): string => failure(folder, 1, ...args);

describe("the command line (exit code 2)", () => {
  test("no command: the help, on stderr", () => {
    expect(usage()).toMatch(/^\nUsage: litevae \[options\] \[command\]\n/);
  });
  test("an unknown command", () => {
    expect(usage("complie", "s")).toMatchInlineSnapshot(`
      "
      error: there is no command complie
        expected: list, check, summary, compare, compile, run, report, verify, bench
        found:    complie
        help:     did you mean compile?
      "
    `);
  });
  test("an unknown command that is like none", () => {
    expect(usage("frobnicate")).toMatchInlineSnapshot(`
      "
      error: there is no command frobnicate
        expected: list, check, summary, compare, compile, run, report, verify, bench
        found:    frobnicate
        help:     litevae --help lists the commands
      "
    `);
  });
  test("an unknown option", () => {
    expect(usage("compile", "s", "-o", "out", "--weigths", "w.safetensors")).toMatchInlineSnapshot(`
      "
      error: litevae compile has no option --weigths
        found:    --weigths
        help:     did you mean --weights?
      "
    `);
  });
  test("an unknown option that is like none", () => {
    expect(usage("summary", "s", "--frobnicate")).toMatchInlineSnapshot(`
      "
      error: litevae summary has no option --frobnicate
        found:    --frobnicate
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("a missing -o", () => {
    expect(usage("compile", "s")).toMatchInlineSnapshot(`
      "
      error: an option is missing that must be given
        expected: -o, --output <dir>
        found:    nothing
        help:     litevae compile --help lists what it takes
      "
    `);
  });
  test("a missing model", () => {
    expect(usage("summary")).toMatchInlineSnapshot(`
      "
      error: an argument is missing
        expected: <model>
        found:    nothing
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("an empty name, as an unset variable gives it", () => {
    expect(usage("compile", "s", "-o", "")).toMatchInlineSnapshot(`
      "
      error: an empty name is given for -o, --output <dir>
        expected: a name
        found:    ""
        help:     check the variable that the name comes from
      "
    `);
    expect(usage("check", "")).toMatchInlineSnapshot(`
      "
      error: an empty name is given for <model>
        expected: a name
        found:    ""
        help:     check the variable that the name comes from
      "
    `);
    expect(usage("compare", "s", "")).toMatchInlineSnapshot(`
      "
      error: an empty name is given for <models>
        expected: a name
        found:    ""
        help:     check the variable that the name comes from
      "
    `);
  });
  test("a model too many", () => {
    expect(usage("summary", "s", "b")).toMatchInlineSnapshot(`
      "
      error: there are too many arguments
        expected: 1 argument
        found:    2
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("an option without its value", () => {
    expect(usage("summary", "s", "--size")).toMatchInlineSnapshot(`
      "
      error: an option has no value
        expected: --size <pixels>
        found:    nothing after it
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("--depth and --size with a word", () => {
    expect(usage("summary", "s", "--depth", "all")).toMatchInlineSnapshot(`
      "
      error: --depth cannot be read
        expected: a whole number of at least 0
        found:    all
        help:     write for example --depth 2
      "
    `);
    expect(usage("summary", "s", "--size", "-1")).toMatchInlineSnapshot(`
      "
      error: --size cannot be read
        expected: a whole number of at least 1
        found:    -1
        help:     write for example --size 256
      "
    `);
  });
  test("--latent with a word", () => {
    expect(usage("compile", "s", "-o", "out", "--latent", "abc")).toMatchInlineSnapshot(`
      "
      error: --latent cannot be read
        expected: a whole number of at least 1
        found:    abc
        help:     write for example --latent 12
      "
    `);
  });
  test("--parts with a misspelt part", () => {
    expect(usage("compile", "s", "-o", "out", "--parts", "encodr")).toMatchInlineSnapshot(`
      "
      error: --parts cannot be read
        expected: encoder, decoder, discriminator
        found:    encodr
        help:     did you mean encoder?
      "
    `);
  });
  test("--parts with nothing", () => {
    expect(usage("compile", "s", "-o", "out", "--parts", "")).toMatchInlineSnapshot(`
      "
      error: --parts cannot be read
        expected: encoder, decoder, discriminator
        found:    nothing
        help:     write for example --parts encoder,decoder
      "
    `);
  });
  test("--opset that is not supported", () => {
    expect(usage("compile", "s", "-o", "out", "--opset", "12")).toMatchInlineSnapshot(`
      "
      error: --opset 12 is not supported
        expected: 18, 19, 20, 21
        found:    12
        help:     write --opset 18, which most runtimes read
      "
    `);
  });
  test("--ir-version below what the operator set needs", () => {
    expect(usage("compile", "s", "-o", "out", "--opset", "21", "--ir-version", "8")).toMatchInlineSnapshot(`
      "
      error: --ir-version 8 does not go with opset 21
        expected: 10
        found:    8
        help:     leave --ir-version out
      "
    `);
  });
  test("--dump-after an unknown pass", () => {
    expect(usage("compile", "s", "-o", "out", "--dump-after", "inlin")).toMatchInlineSnapshot(`
      "
      error: no pass is called inlin
        expected: inline, dropTrainingOnly, foldWeights, deadCode
        found:    inlin
        help:     did you mean inline?
      "
    `);
  });
  test("--format that is none", () => {
    expect(usage("compare", "s", "--format", "jsn")).toMatchInlineSnapshot(`
      "
      error: --format cannot be read
        expected: table, json, md, csv, html
        found:    jsn
        help:     did you mean json?
      "
    `);
  });
  test("--fit that is none", () => {
    expect(usage("run", "compiled", "a.png", "-o", "out", "--fit", "stretch")).toMatchInlineSnapshot(`
      "
      error: --fit cannot be read
        expected: pad, crop
        found:    stretch
        help:     write for example --fit pad
      "
    `);
  });
  test("a budget that is none", () => {
    expect(usage("compare", "s", "--budget", "nonsense")).toMatchInlineSnapshot(`
      "
      error: "nonsense" is not a budget
        expected: part=limit or part.metric=limit
        help:     write encoder=7M, or encoder.macs=40G
      "
    `);
  });
  test("a budget for a misspelt part", () => {
    expect(usage("compare", "s", "--budget", "encodr=7M")).toMatchInlineSnapshot(`
      "
      error: the budget "encodr=7M" names no part
        expected: encoder, decoder, discriminator
        found:    encodr
        help:     did you mean encoder?
      "
    `);
  });
  test("a budget without a number", () => {
    expect(usage("compare", "s", "--budget", "encoder=lots")).toMatchInlineSnapshot(`
      "
      error: the budget "encoder=lots" has no limit
        expected: a number above zero, alone or with k, K, M, G, T
        found:    lots
        help:     write 7M for seven million
      "
    `);
  });
  test("nothing of this leaves a folder", () => {
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});

describe("the model (exit code 1)", () => {
  const compile = (...args: readonly string[]): string => wrong("compile", ...args, "-o", "out");

  test("an unknown name", () => {
    expect(compile("sdvae")).toMatchInlineSnapshot(`
      "
      error: no model is called sdvae
        expected: a built-in name (s, s-smc, b, b-smc, m, m-smc, l, l-smc, sd-vae, vae-small, nano) or a .ts file
        found:    sdvae
        help:     did you mean sd-vae?
      "
    `);
  });
  test("an unknown name that is like none", () => {
    expect(compile("x")).toMatchInlineSnapshot(`
      "
      error: no model is called x
        expected: a built-in name (s, s-smc, b, b-smc, m, m-smc, l, l-smc, sd-vae, vae-small, nano) or a .ts file
        found:    x
        help:     run litevae list for the built-in models
      "
    `);
  });
  test("--latent with a file", () => {
    expect(compile("tiny.ts", "--latent", "8")).toMatchInlineSnapshot(`
      "
      error: --latent applies to built-in models, and tiny.ts is a file
        help:     set latentChannels in the file
      "
    `);
  });
  test("a discriminator that ONNX has no form for, with the folder left alone", () => {
    const options = `{ variant: "S", discriminator: { kind: "stylegan", resolution: 8, channels: 4 } }`;
    write(folder, { "style.ts": `import { litevae } from "litevae";\nexport default litevae(${options});\n` });
    const flags = ["compile", "style.ts", "-o", "style", "--parts", "encoder,discriminator"];
    expect(wrong(...flags, "--target", "onnx,torch")).toMatchInlineSnapshot(`
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
    expect(litevae(folder, ...flags, "--target", "torch").code).toBe(0);
  });
  test("a part that the model has not", () => {
    expect(compile("tiny.ts", "--parts", "encoder,discriminator")).toMatchInlineSnapshot(`
      "
      error: tiny has no discriminator
        found:    encoder, decoder
        help:     leave it out of --parts, or add it to the model
      "
    `);
  });
  test("a file that is missing", () => {
    expect(compile("missing.ts")).toMatchInlineSnapshot(`
      "
      error: there is no file missing.ts
        help:     give the path of a .ts file whose default export is a model
      "
    `);
  });
  test("a file of another kind", () => {
    expect(compile("./tiny.md")).toMatchInlineSnapshot(`
      "
      error: there is no file ./tiny.md
        help:     give the path of a .ts file whose default export is a model
      "
    `);
    write(folder, { "tiny.md": "# tiny" });
    expect(compile("./tiny.md")).toMatchInlineSnapshot(`
      "
      error: ./tiny.md is neither TypeScript nor JavaScript
        expected: a file that ends in .ts, .mts, .js, .mjs
        help:     give the path of a .ts file whose default export is a model
      "
    `);
  });
  test("a folder", () => {
    mkdirSync(join(folder, "models"));
    expect(wrong("check", "./models")).toBe(compile("./models"));
    expect(compile("./models")).toMatchInlineSnapshot(`
      "
      error: there is no file ./models
        found:    a folder
        help:     give the path of a .ts file whose default export is a model
      "
    `);
  });
  test("a syntax error", () => {
    write(folder, {
      "syntax.ts": 'import { litevae } from "litevae";\nexport default litevae({ variant: "B", });\nconst a = = 1;\n',
    });
    expect(compile("syntax.ts")).toMatchInlineSnapshot(`
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
  test("a syntax error in a file that it imports", () => {
    write(folder, {
      "imports-syntax.ts": 'import { a } from "./parts/broken.ts";\nexport default a;\n',
      "parts/broken.ts": "export const a = {\n  b: 1;\n};\n",
    });
    expect(compile("imports-syntax.ts")).toMatchInlineSnapshot(`
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
  test("an exception in its code", () => {
    write(folder, {
      "my work (1)/throws.ts":
        'import { readFileSync } from "node:fs";\n\nconst widths = JSON.parse(readFileSync("widths.json", "utf8"));\nexport default widths;\n',
    });
    expect(compile("my work (1)/throws.ts")).toMatchInlineSnapshot(`
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
  test("something thrown that is no Error", () => {
    write(folder, { "throws-text.ts": 'throw "not yet";\n' });
    expect(compile("throws-text.ts")).toMatchInlineSnapshot(`
      "
      error: the model's code throws "not yet"
        at throws-text.ts:1
        > 1 | throw "not yet";
          2 |
        help:     throw new Error(…), which tells its line
      "
    `);
  });
  test("a block that calls itself without end", () => {
    write(folder, {
      "endless.ts":
        'import { block, layers, model } from "litevae/dsl";\n\nconst Deep = block("Deep", (): any => {\n  const { inner } = layers({ inner: Deep() });\n  return inner;\n});\nexport default model({ latentChannels: 4, encoder: Deep(), decoder: Deep() });\n',
    });
    expect(compile("endless.ts")).toMatchInlineSnapshot(`
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
  test("a file that it imports and that is not there", () => {
    write(folder, {
      "imports-missing.ts":
        'import { litevae } from "litevae";\nimport { width } from "./widths.ts";\n\nexport default litevae({ variant: "B", decoder: { base: width } });\n',
    });
    expect(compile("imports-missing.ts")).toMatchInlineSnapshot(`
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
  test("a package that is not installed", () => {
    write(folder, { "imports-package.ts": 'import { width } from "no-such-package-of-widths";\n\nexport default width;\n' });
    expect(compile("imports-package.ts")).toMatchInlineSnapshot(`
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
    expect(compile("endless.ts")).toMatchInlineSnapshot(`
      "
      error: the model's code never ends: it awaits something that does not come
        at endless.ts:1
        > 1 | import { litevae } from "litevae";
          2 | await new Promise(() => {});
        help:     mend the await at the top level of this file, or of one that it imports
      "
    `);
  });
  test("no default export", () => {
    write(folder, { "no-default.ts": 'import { litevae } from "litevae";\nexport const small = litevae({ variant: "S" });\n' });
    expect(compile("no-default.ts")).toMatchInlineSnapshot(`
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
  test("a default export that is no model", () => {
    write(folder, { "function.ts": 'import { litevae } from "litevae";\nexport default () => litevae({ variant: "S" });\n' });
    expect(compile("function.ts")).toMatchInlineSnapshot(`
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
  test("a default export that is an object or null", () => {
    write(folder, { "object.ts": "export default {};\n", "null.ts": "export default null;\n" });
    expect(compile("object.ts")).toContain("found:    export default of an object\n");
    expect(compile("null.ts")).toContain("found:    export default of null\n");
  });
  test("a name of two lines", () => {
    write(folder, {
      "name.ts": 'import { litevae } from "litevae";\n\nexport default litevae({ variant: "S", name: "mine\\nand yours" });\n',
    });
    expect(compile("name.ts")).toMatchInlineSnapshot(`
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
  test("an option that the model has not", () => {
    write(folder, {
      "variant.ts": 'import { litevae } from "litevae";\n\nconst variant = "XL" as "L";\nexport default litevae({ variant });\n',
    });
    expect(compile("variant.ts")).toMatchInlineSnapshot(`
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
  test("types: check names the line, the column and both features", () => {
    write(folder, {
      "types.ts": tinyModel.replace("out: conv2d({ in: 8, out: 8 }),", "out: conv2d({ in: 16, out: 8 }),"),
    });
    expect(wrong("check", "types.ts")).toMatchInlineSnapshot(`
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

describe("sizes and budgets (exit code 1)", () => {
  test("a size that summary cannot use names the nearest that it can", () => {
    expect(wrong("summary", "s", "--size", "100")).toMatchInlineSnapshot(`
      "
      error: 100 does not fit s: H/8 is not whole
        expected: a height that is a multiple of 8
        found:    H/8 = 12.5
        help:     use 96 or 104
      "
    `);
  });
  test("a size that one of the models compared cannot use", () => {
    expect(wrong("compare", "tiny.ts", "sd-vae", "--size", "260")).toMatchInlineSnapshot(`
      "
      error: 260 does not fit sd-vae: H/8 is not whole
        expected: a height that is a multiple of 8
        found:    H/8 = 32.5
        help:     use 256 or 264
      "
    `);
  });
  test("an image smaller than a kernel", () => {
    write(folder, {
      "unpadded.ts": tinyModel
        .replace(
          "out: conv2d({ in: 8, out: 8 }),",
          "shrink: conv2d({ in: 8, out: 8, kernel: 7, padding: 0 }),\n    out: conv2d({ in: 8, out: 8, kernel: 7, padding: 6 }),",
        )
        .replace("const { down, norm, out }", "const { down, norm, shrink, out }")
        .replace("out(silu(norm(down(x))))", "out(shrink(silu(norm(down(x)))))"),
    });
    expect(wrong("summary", "unpadded.ts", "--size", "20")).toMatchInlineSnapshot(`
      "
      error: 20 does not fit unpadded: H/4 - 6 is -1
        expected: a height that is a multiple of 4, at least 28
        found:    H/4 - 6 = -1
        help:     use 28
      "
    `);
  });
  test("a budget that is exceeded says by how much; the report is still printed", () => {
    const { code, stdout, stderr } = litevae(
      folder,
      "compare",
      "s",
      "b",
      "--budget",
      "encoder=1M",
      "--budget",
      "decoder.macs=400G",
      "--format",
      "csv",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^model,/);
    expect(`\n${stderr}`).toMatchInlineSnapshot(`
      "
      error: s: encoder has 1,038,012 parameters, 38,012 over the budget of 1,000,000
        in:       encoder
        help:     make the encoder smaller, or raise the budget

      error: b: encoder has 6,755,260 parameters, 5,755,260 over the budget of 1,000,000
        in:       encoder
        help:     make the encoder smaller, or raise the budget
      "
    `);
  });
  test("a budget for a part that the model has not", () => {
    expect(litevae(folder, "compare", "tiny.ts", "--budget", "discriminator=1M").stderr).toMatchInlineSnapshot(`
      "error: tiny has no discriminator to hold to a budget
        help:     give the model a discriminator, or leave its budget out
      "
    `);
  });
  test("compare -o into a folder that is not there", () => {
    expect(wrong("compare", "tiny.ts", "-o", "reports/tiny.md")).toMatchInlineSnapshot(`
      "
      error: cannot write reports/tiny.md
        found:    no folder reports
        help:     give -o a file in a folder that can be written
      "
    `);
  });
  test("compare -o onto a folder", () => {
    const before = readdirSync(folder);
    expect(wrong("compare", "tiny.ts", "-o", "models")).toMatchInlineSnapshot(`
      "
      error: cannot write models
        found:    a folder of that name
        help:     give -o a file in a folder that can be written
      "
    `);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("a bug of ours (exit code 70)", () => {
  afterEach(() => vi.restoreAllMocks());

  test("shows the stack, the cause, and asks for a report", async () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    vi.spyOn(builtIns["nano"]!, "build").mockImplementation(function build() {
      throw new Error("no such rule", { cause: new RangeError("index 3") });
    });
    expect(await main(["summary", "nano"])).toBe(70);
    expect(written.join("")).toMatch(
      /^litevae has a bug; please report this with the model that shows it:\nError: no such rule\n {4}at [^\n]*build [^]*\ncaused by RangeError: index 3\n {4}at /,
    );
  });
});
