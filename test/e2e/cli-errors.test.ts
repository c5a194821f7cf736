/** What people are told when the command line, a file or a folder is wrong: whole messages, exit codes, and that nothing was changed. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { hashes, litevae, manifestOf, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();
/** Compiled before the tests, for those that need one. */
const compiled = join(folder, "compiled");

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
  expect(litevae(folder, "compile", "tiny.ts", "-o", "compiled").code).toBe(0);
});

/** Runs a command that must fail with this exit code and write nothing to stdout; returns what it writes to stderr. */
function failure(code: number, ...args: readonly string[]): string {
  const result = litevae(folder, ...args);
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  return `\n${result.stderr}`;
}

const usage = (...args: readonly string[]): string => failure(2, ...args);
const wrong = (...args: readonly string[]): string => failure(1, ...args);

describe("the command line (exit code 2)", () => {
  test("no command: the help, on stderr", () => {
    expect(usage()).toMatch(/^\nUsage: litevae \[options\] \[command\]\n/);
  });
  test("an unknown command", () => {
    expect(usage("complie", "s")).toMatchInlineSnapshot(`
      "
      error: there is no command complie
        expected: list, check, summary, compare, compile, run
        found:    complie
        help:     did you mean compile?
      "
    `);
  });
  test("an unknown command that is like none", () => {
    expect(usage("frobnicate")).toMatchInlineSnapshot(`
      "
      error: there is no command frobnicate
        expected: list, check, summary, compare, compile, run
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
        expected: table, json, md, csv
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
        found:    nothing
        help:     give the path of a .ts file whose default export is a model
      "
    `);
  });
  test("a folder", () => {
    expect(compile("./compiled")).toMatchInlineSnapshot(`
      "
      error: there is no file ./compiled
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
  test("a picture smaller than a kernel", () => {
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
    expect(wrong("compare", "tiny.ts", "-o", "compiled")).toMatchInlineSnapshot(`
      "
      error: cannot write compiled
        found:    a folder of that name
        help:     give -o a file in a folder that can be written
      "
    `);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("the output folder (exit code 1)", () => {
  test("one that holds foreign files is refused and not changed", () => {
    write(folder, { "foreign/notes.txt": "mine", "foreign/data/a.csv": "1,2" });
    const before = hashes(join(folder, "foreign"));
    expect(wrong("compile", "tiny.ts", "-o", "foreign")).toMatchInlineSnapshot(`
      "
      error: foreign holds files that no compile wrote
        expected: an empty folder, a new one, or that of an earlier compile
        found:    notes.txt, data/a.csv
        help:     give another -o, or --force to write among them: they stay, unless compile writes a file of that name
      "
    `);
    expect(hashes(join(folder, "foreign"))).toEqual(before);
  });
  test("--force writes among foreign files and keeps them", () => {
    write(folder, { "forced/notes.txt": "mine" });
    expect(litevae(folder, "compile", "tiny.ts", "-o", "forced", "--force").code).toBe(0);
    expect(readdirSync(join(folder, "forced"))).toEqual([
      "config.json",
      "decoder.onnx",
      "encoder.onnx",
      "manifest.json",
      "model.safetensors",
      "notes.txt",
    ]);
    expect(readFileSync(join(folder, "forced/notes.txt"), "utf8")).toBe("mine");
    expect(Object.keys(manifestOf(join(folder, "forced")).files)).not.toContain("notes.txt");
  });
  test("a manifest.json of another program is a foreign file", () => {
    write(folder, { "web/manifest.json": '{"name":"a web app"}' });
    expect(wrong("compile", "tiny.ts", "-o", "web")).toMatchInlineSnapshot(`
      "
      error: web holds files that no compile wrote
        expected: an empty folder, a new one, or that of an earlier compile
        found:    manifest.json
        help:     give another -o, or --force to write among them: they stay, unless compile writes a file of that name
      "
    `);
    expect(readFileSync(join(folder, "web/manifest.json"), "utf8")).toBe('{"name":"a web app"}');
  });
  test("a file", () => {
    write(folder, { file: "mine" });
    expect(wrong("compile", "tiny.ts", "-o", "file")).toMatchInlineSnapshot(`
      "
      error: file is a file
        expected: a folder, or a name that is free
        help:     give another -o
      "
    `);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("mine");
  });
  test("one that cannot be made", () => {
    write(folder, { file: "mine" });
    expect(wrong("compile", "tiny.ts", "-o", "file/below")).toMatchInlineSnapshot(`
      "
      error: cannot write to file/below
        found:    ENOTDIR: not a directory, mkdir 'file/below'
        help:     choose a folder that can be written and has room
      "
    `);
  });
  test("a folder in the place of a file", () => {
    mkdirSync(join(folder, "blocked/encoder.onnx"), { recursive: true });
    expect(wrong("compile", "tiny.ts", "-o", "blocked", "--force")).toMatchInlineSnapshot(`
      "
      tiny: writing encoder.onnx
      error: cannot write to blocked/encoder.onnx
        found:    EISDIR: illegal operation on a directory, rename 'blocked/encoder.onnx.partial' -> 'blocked/encoder.onnx'
        help:     choose a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "blocked"))).not.toContain("manifest.json");
  });
});

interface Header {
  [name: string]: { dtype: string; shape: number[]; data_offsets: [number, number] };
}

/** A safetensors file in its two halves. */
function opened(path: string): { header: Header; data: Buffer } {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const { __metadata__: _, ...header } = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Header;
  return { header, data: bytes.subarray(8 + length) };
}

function closed(header: unknown, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

describe("weights (exit code 1, and a folder of an earlier compile stays as it is)", () => {
  /** Compiles into a folder that is complete already, with weights that are wrong. */
  function refused(name: string, content?: Uint8Array): string {
    const target = join(folder, "complete");
    if (!existsSync(target)) cpSync(compiled, target, { recursive: true });
    if (content !== undefined) writeFileSync(join(folder, name), content);
    const before = hashes(target);
    const message = wrong("compile", "tiny.ts", "-o", "complete", "--weights", name);
    expect(hashes(target)).toEqual(before);
    expect(readdirSync(target).sort()).toEqual(Object.keys(before).sort());
    return message;
  }
  const good = (): ReturnType<typeof opened> => opened(join(compiled, "model.safetensors"));

  test("a file that is missing", () => {
    expect(refused("missing.safetensors")).toMatchInlineSnapshot(`
      "
      error: cannot read the weights missing.safetensors
        found:    ENOENT: no such file or directory, open 'missing.safetensors'
        help:     check the path given to --weights
      "
    `);
  });
  test("a folder", () => {
    expect(refused("compiled")).toMatchInlineSnapshot(`
      "
      error: cannot read the weights compiled
        found:    a folder
        help:     give --weights a safetensors file
      "
    `);
  });
  test("an empty file", () => {
    expect(refused("empty.safetensors", new Uint8Array())).toMatchInlineSnapshot(`
      "
      error: empty.safetensors is not a whole safetensors file: it is shorter than its first field
        found:    0 bytes
        help:     copy or save the file again
      "
    `);
  });
  test("what torch.save writes", () => {
    expect(refused("zip.safetensors", Buffer.from("PK\u0003\u0004 and so on, as torch.save writes it"))).toMatchInlineSnapshot(`
      "
      error: zip.safetensors is not a safetensors file
        expected: a header length, a JSON header, tensors
        found:    what torch.save writes
        help:     convert it in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), OUT)
      "
    `);
  });
  test("a length that is garbage", () => {
    expect(refused("length.safetensors", Buffer.from("these are the weights"))).toMatchInlineSnapshot(`
      "
      error: length.safetensors is not a whole safetensors file: its header is longer than the file
        found:    a header of 8241904413164530000 bytes in 21
        help:     copy or save the file again
      "
    `);
  });
  test("a header that is garbage", () => {
    expect(refused("garbage.safetensors", closed("{not json", new Uint8Array(8)))).toMatchInlineSnapshot(`
      "
      error: garbage.safetensors is not a whole safetensors file: its header is not JSON
        help:     copy or save the file again
      "
    `);
  });
  test("a header with an entry that is none", () => {
    expect(refused("entry.safetensors", closed({ "encoder.down.weight": { dtype: "F32", shape: [8, 3] } }, new Uint8Array(96))))
      .toMatchInlineSnapshot(`
      "
      error: entry.safetensors is not a whole safetensors file: the entry encoder.down.weight is malformed
        found:    {"dtype":"F32","shape":[8,3]}
        help:     copy or save the file again
      "
    `);
  });
  test("a tensor whose bytes do not fill its shape", () => {
    expect(
      refused("bytes.safetensors", closed({ a: { dtype: "F32", shape: [8, 3], data_offsets: [0, 95] } }, new Uint8Array(96))),
    ).toMatchInlineSnapshot(`
      "
      error: bytes.safetensors is not a whole safetensors file: a has another size than its shape [8, 3] needs
        found:    95 bytes
        help:     copy or save the file again
      "
    `);
  });
  test("a file that ends early", () => {
    const whole = readFileSync(join(compiled, "model.safetensors"));
    expect(refused("short.safetensors", whole.subarray(0, whole.length - 100))).toMatchInlineSnapshot(`
      "
      error: short.safetensors is not a whole safetensors file: decoder.out.weight reaches beyond the end of the file
        found:    7004 bytes of 6916
        help:     copy or save the file again
      "
    `);
  });
  test("a type that is not read", () => {
    const { header, data } = good();
    header["encoder.norm.weight"] = { dtype: "I32", shape: [8], data_offsets: header["encoder.norm.weight"]!.data_offsets };
    expect(refused("int32.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: encoder.norm.weight in int32.safetensors has a type that is not read
        expected: F64, F32, F16, BF16, I64
        found:    I32
        help:     save the weights in one of these types
      "
    `);
  });
  test("whole numbers in the place of floats", () => {
    const { header, data } = good();
    header["encoder.norm.weight"] = { dtype: "I64", shape: [8], data_offsets: [data.length, data.length + 64] };
    expect(refused("int64.safetensors", closed(header, Buffer.concat([data, Buffer.alloc(64)])))).toMatchInlineSnapshot(`
      "
      error: the weights in int64.safetensors are not those of tiny
        expected: the 12 tensors of encoder, decoder
        found:    1 of another type:
                    encoder.norm.weight: int64 instead of float32
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("missing, unexpected and reshaped tensors, all at once", () => {
    const { header, data } = good();
    header["encoder.norm.gamma"] = header["encoder.norm.weight"]!;
    delete header["encoder.norm.weight"];
    header["encoder.down.weight"]!.shape = [8, 3, 2, 8];
    expect(refused("keys.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: the weights in keys.safetensors are not those of tiny
        expected: the 12 tensors of encoder, decoder
        found:    1 missing:
                    encoder.norm.weight
                  1 unexpected:
                    encoder.norm.gamma
                  1 of another shape:
                    encoder.down.weight: [8, 3, 2, 8] instead of [8, 3, 4, 4]
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("those of another model: the first ten are named", () => {
    expect(wrong("compile", "s", "-o", "out", "--parts", "encoder", "--weights", "compiled/model.safetensors"))
      .toMatchInlineSnapshot(`
      "
      error: the weights in compiled/model.safetensors are not those of s
        expected: the 520 tensors of encoder
        found:    520 missing:
                    encoder.extractors.0.conv_in.weight
                    encoder.extractors.0.conv_in.bias
                    encoder.extractors.0.down.0.norm1.weight
                    encoder.extractors.0.down.0.norm1.bias
                    encoder.extractors.0.down.0.conv1.weight
                    encoder.extractors.0.down.0.conv1.bias
                    encoder.extractors.0.down.0.norm2.weight
                    encoder.extractors.0.down.0.norm2.bias
                    encoder.extractors.0.down.0.conv2.weight
                    encoder.extractors.0.down.0.conv2.bias
                    … and 510 more
                  12 unexpected:
                    encoder.down.weight
                    encoder.down.bias
                    encoder.norm.weight
                    encoder.norm.bias
                    encoder.out.weight
                    encoder.out.bias
                    decoder.conv.weight
                    decoder.conv.bias
                    decoder.conv.scale
                    decoder.conv.gain
                    … and 2 more
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("a tensor with and without the prefix of DataParallel", () => {
    const { header, data } = good();
    header["module.encoder.norm.weight"] = header["encoder.norm.weight"]!;
    expect(refused("twice.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: twice.safetensors holds tensors twice
        expected: every key with or without module. and _orig_mod., not both
        found:    encoder.norm.weight
        help:     save the state_dict of one model
      "
    `);
  });
  test("NaN and infinity", () => {
    const { header, data } = good();
    const copy = Buffer.from(data);
    copy.writeFloatLE(NaN, header["encoder.norm.weight"]!.data_offsets[0]);
    copy.writeFloatLE(-Infinity, header["decoder.out.bias"]!.data_offsets[0] + 4);
    expect(refused("nan.safetensors", closed(header, copy))).toMatchInlineSnapshot(`
      "
      error: the weights in nan.safetensors hold NaN or infinity
        expected: finite numbers
        found:    2 of these tensors:
                    encoder.norm.weight
                    decoder.out.bias
        help:     take a checkpoint from before the training diverged
      "
    `);
  });
});

describe("run (exit code 1)", () => {
  /** A copy of the compiled folder, changed. */
  function changed(name: string, change: (path: string) => void): string {
    cpSync(compiled, join(folder, name), { recursive: true });
    change(join(folder, name));
    return name;
  }
  const run = (target: string, picture = "grey.png", ...flags: readonly string[]): string => {
    const message = wrong("run", target, picture, "-o", "pictures", ...flags);
    expect(existsSync(join(folder, "pictures"))).toBe(false);
    return message;
  };

  beforeAll(async () => {
    await sharp({ create: { width: 3, height: 5, channels: 3, background: "grey" } }).toFile(join(folder, "grey.png"));
  });

  test("a folder that is not there", () => {
    expect(run("nowhere")).toMatchInlineSnapshot(`
      "
      error: there is no folder nowhere
        help:     give the folder that litevae compile wrote
      "
    `);
  });
  test("a folder without its manifest", () => {
    expect(run(changed("unfinished", (path) => rmSync(join(path, "manifest.json"))))).toMatchInlineSnapshot(`
      "
      error: unfinished is not a complete compile: it has no manifest.json
        help:     run litevae compile MODEL -o unfinished again
      "
    `);
  });
  test("a manifest that is not JSON", () => {
    expect(run(changed("no-json", (path) => writeFileSync(join(path, "manifest.json"), "{")))).toMatchInlineSnapshot(`
      "
      error: no-json is not a complete compile: its manifest.json is not JSON
        help:     run litevae compile MODEL -o no-json again
      "
    `);
  });
  test.each([
    '{"name":"a web app"}',
    "null",
    '{"litevae":"0.1.0","files":null}',
    '{"litevae":"0.1.0","weights":{},"files":{"config.json":null}}',
  ])("a manifest that is another program's: %s", (manifest) => {
    rmSync(join(folder, "other"), { recursive: true, force: true });
    expect(run(changed("other", (path) => writeFileSync(join(path, "manifest.json"), manifest)))).toBe(
      "\nerror: other is not a complete compile: its manifest.json is not one of litevae\n  help:     run litevae compile MODEL -o other again\n",
    );
  });
  test("a graph that is missing", () => {
    expect(run(changed("missing", (path) => rmSync(join(path, "decoder.onnx"))))).toMatchInlineSnapshot(`
      "
      error: missing is not a complete compile: decoder.onnx is missing
        help:     run litevae compile MODEL -o missing again
      "
    `);
  });
  test("a graph that was cut off", () => {
    const cut = (path: string): void =>
      writeFileSync(join(path, "encoder.onnx"), readFileSync(join(path, "encoder.onnx")).subarray(0, 1000));
    expect(run(changed("cut", cut))).toMatchInlineSnapshot(`
      "
      error: cut is not a complete compile: encoder.onnx is not the file that was compiled
        found:    1000 bytes instead of 6555
        help:     run litevae compile MODEL -o cut again
      "
    `);
  });
  test("a graph in which one bit is another", () => {
    const flip = (path: string): void => {
      const bytes = readFileSync(join(path, "encoder.onnx"));
      bytes[1500]! ^= 1;
      writeFileSync(join(path, "encoder.onnx"), bytes);
    };
    expect(run(changed("flipped", flip)).replace(/[0-9a-f]{64}/, "<sha256>")).toMatchInlineSnapshot(`
      "
      error: flipped is not a complete compile: encoder.onnx was changed after it was compiled
        found:    sha256 <sha256>
        help:     run litevae compile MODEL -o flipped again
      "
    `);
  });
  test("external data in which one bit is another", () => {
    expect(litevae(folder, "compile", "tiny.ts", "-o", "external", "--external-data").code).toBe(0);
    const data = readFileSync(join(folder, "external/encoder.onnx.data"));
    data[10]! ^= 1;
    writeFileSync(join(folder, "external/encoder.onnx.data"), data);
    expect(run("external").replace(/[0-9a-f]{64}/, "<sha256>")).toMatchInlineSnapshot(`
      "
      error: external is not a complete compile: encoder.onnx.data was changed after it was compiled
        found:    sha256 <sha256>
        help:     run litevae compile MODEL -o external again
      "
    `);
  });
  test("a folder with the encoder alone", () => {
    expect(litevae(folder, "compile", "tiny.ts", "-o", "half", "--parts", "encoder").code).toBe(0);
    expect(run("half")).toMatchInlineSnapshot(`
      "
      error: half has no decoder.onnx
        expected: encoder.onnx, decoder.onnx
        found:    config.json, encoder.onnx, model.safetensors
        help:     name its part in --parts when you compile
      "
    `);
  });
  test("a picture that is missing", () => {
    expect(run("compiled", "missing.png")).toMatchInlineSnapshot(`
      "
      error: cannot read the picture missing.png
        expected: a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file
        found:    Input file is missing: missing.png
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("a picture that is none", () => {
    expect(run("compiled", "tiny.ts")).toMatchInlineSnapshot(`
      "
      error: cannot read the picture tiny.ts
        expected: a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file
        found:    Input file contains unsupported image format
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("a picture that ends early", async () => {
    const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
    const png = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
    write(folder, { "cut.png": png.subarray(0, png.length / 2) });
    expect(run("compiled", "cut.png")).toMatchInlineSnapshot(`
      "
      error: cannot read the picture cut.png
        expected: a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file
        found:    vipspng: libpng read error
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("a picture too small to crop", () => {
    expect(run("compiled", "grey.png", "--fit", "crop")).toMatchInlineSnapshot(`
      "
      error: grey.png is too small to crop
        expected: a width of at least 4
        found:    3
        help:     use --fit pad, or a larger picture
      "
    `);
  });
  test("an output that is a file", () => {
    write(folder, { file: "mine" });
    const { code, stdout, stderr } = litevae(folder, "run", "compiled", "grey.png", "-o", "file");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatchInlineSnapshot(`
      "encoding
      decoding
      error: cannot write file/reconstruction.png
        found:    EEXIST: file already exists, mkdir 'file'
        help:     give -o a folder that can be written
      "
    `);
  });
});

describe("a bug of ours (exit code 70)", () => {
  afterEach(() => vi.restoreAllMocks());

  test("shows the stack, the cause, and asks for a report", async () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const build = (): never => {
      throw new Error("no such rule", { cause: new RangeError("index 3") });
    };
    expect(await main(["summary", "broken"], { builtIns: { broken: { about: "", build } }, modules: {} })).toBe(70);
    expect(written.join("")).toMatch(
      /^litevae has a bug; please report this with the model that shows it:\nError: no such rule\n {4}at Object\.build [^]*\ncaused by RangeError: index 3\n {4}at /,
    );
  });
});
