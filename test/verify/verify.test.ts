/** `litevae verify`: what it compares, where it looks for Python, and what it says of folders, weights and packages that are wrong. */
// @module-tag python
// @module-tag slow
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Verification } from "../../src/onnxruntime/verify.ts";
import { litevae } from "../e2e/in-process.ts";
import { command, environment, manifestOf, sha256, tempFolder, tinyModel, write, type Result } from "../e2e/litevae.ts";
import { warmPython } from "../support/warm-python.ts";

const folder = tempFolder();
const warm = warmPython();

/** Runs `litevae verify` with a Python that has torch, unless `variables` say otherwise. */
async function verify(args: readonly string[], variables: NodeJS.ProcessEnv = { LITEVAE_PYTHON: warm() }): Promise<Result> {
  const found = { LITEVAE_PYTHON: undefined, VIRTUAL_ENV: undefined };
  for (const [name, value] of Object.entries({ ...found, ...variables })) vi.stubEnv(name, value);
  return await litevae(folder, "verify", ...args);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The error alone, without the progress before it. */
const errorOf = ({ stderr }: Result): string => `\n${stderr.slice(stderr.indexOf("error: "))}`;
const resultOf = ({ stdout }: Result): Verification => JSON.parse(stdout) as Verification;

async function compile(model: string, out: string, ...flags: readonly string[]): Promise<void> {
  const { code, stderr } = await litevae(folder, "compile", model, "-o", out, ...flags);
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  const mini = tinyModel
    .replace('from "litevae/dsl";', 'from "litevae/dsl";\nimport { UNetDiscriminator } from "litevae/blocks";')
    .replace(
      "decoder: Decoder()",
      'decoder: Decoder(), discriminator: UNetDiscriminator({ imageChannels: 3, channels: 4, multipliers: [1, 1, 1, 1, 1, 2], reduction: "sum" })',
    );
  write(folder, { "tiny.ts": tinyModel, "mini.ts": mini });
  await compile("tiny.ts", "tiny", "--target", "onnx,torch");
  await compile("tiny.ts", "other", "--target", "onnx,torch", "--seed", "1");
});

describe("graphs and package", () => {
  test("agree, every part", async () => {
    await compile("mini.ts", "mini", "--target", "onnx,torch", "--parts", "encoder,decoder,discriminator");
    const result = await verify(["mini", "--size", "40", "--format", "json"]);
    expect(result.code, result.stderr).toBe(0);
    const { outputs, size, reference } = resultOf(result);
    // The discriminator has seven levels: the next side that fits is taken.
    expect(size.height).toBeGreaterThan(40);
    expect(reference?.package).toBe("litevae_mini");
    const names = ["encoder.mean", "encoder.logvar", "decoder.image", "discriminator.pixel_logits", "discriminator.global_logit"];
    expect(outputs.map(({ output }) => output)).toEqual(names);
    expect(Math.max(...outputs.map(({ difference = NaN }) => difference))).toBeGreaterThan(0);
    for (const { difference, bound, largest } of outputs) {
      expect(difference).toBeLessThan(bound as number);
      expect(largest).toBeGreaterThan(0);
    }
  }, 240_000);
  test("are not blamed for values of the model that are not finite", async () => {
    const text = `import { block, conv2d, div, layers, network, sub, type Feature } from "litevae/dsl";
const Block = block("Block", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 3 }) });
  return (x: Feature<3, 1>) => ({ right: conv(x), wrong: div(conv(x), sub(x, x)) });
});
export default network({ name: "nan", inputs: [{ name: "image", channels: 3 }], block: Block() });`;
    write(folder, { "nan.ts": text });
    await compile("nan.ts", "nan", "--target", "onnx,torch");
    const result = await verify(["nan", "--size", "8"]);
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/wrong .* not finite\n/);
    expect(errorOf(result)).toMatch(
      /litevae_nan itself gives values that are not finite\n {2}expected: numbers\n {2}found: {4}\w+\.wrong on/,
    );
    expect(result.stderr).not.toContain("warning: ");
  });
  test("agree where parts are several modules in a row, or one layer", async () => {
    const staged = `import { block, conv2d, layers, model, silu, smcConv2d, stages } from "litevae/dsl";
const Head = block("Head", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 1 }) });
  return (x: any) => conv(silu(x));
});
const discriminator: any = stages({ first: conv2d({ in: 3, out: 4 }), head: Head() });
export default model({
  latentChannels: 2,
  encoder: stages({ conv_in: conv2d({ in: 3, out: 6 }), conv_out: smcConv2d({ in: 6, out: 4 }) }),
  decoder: smcConv2d({ in: 2, out: 3 }),
  discriminator,
});`;
    write(folder, { "staged.ts": staged });
    await compile("staged.ts", "staged", "--target", "onnx,torch", "--parts", "encoder,decoder,discriminator");
    const result = await verify(["staged", "--size", "16", "--format", "json"]);
    expect(result.code, result.stderr).toBe(0);
    expect(resultOf(result).outputs.map(({ output, ok }) => [output, ok])).toEqual([
      ["encoder.mean", true],
      ["encoder.logvar", true],
      ["decoder.image", true],
      ["discriminator.pixel_logits", true],
    ]);
  });
  test("agree where some of the parts were compiled", async () => {
    await compile("tiny.ts", "decoder", "--target", "onnx,torch", "--parts", "decoder");
    const result = await verify(["decoder", "--size", "32", "--format", "json"]);
    expect(result.code, result.stderr).toBe(0);
    expect(resultOf(result).outputs).toMatchObject([{ output: "decoder.image", shape: [1, 3, 32, 32], ok: true }]);
  });
  test("are told apart where a graph is another's, though the manifest says it is whole", async () => {
    await compile("tiny.ts", "swapped", "--target", "onnx,torch");
    copyFileSync(join(folder, "other/encoder.onnx"), join(folder, "swapped/encoder.onnx"));
    const manifest = manifestOf(join(folder, "swapped"));
    const bytes = readFileSync(join(folder, "swapped/encoder.onnx"));
    const files = { ...manifest.files, "encoder.onnx": { bytes: bytes.length, sha256: sha256(bytes) } };
    write(folder, { "swapped/manifest.json": JSON.stringify({ ...manifest, files }) });
    const result = await verify(["swapped", "--size", "32"]);
    expect(result.code).toBe(1);
    expect(errorOf(result)).toMatch(/^\nerror: the graphs in swapped do not give what the package gives\n/);
    expect(result.stdout).toMatch(/encoder\.mean .* exceeds\n/);
    expect(result.stdout).toMatch(/decoder\.image .* ok\n/);
  });
  test("take the same input for the same seed", async () => {
    const largest = async (...flags: readonly string[]): Promise<number | undefined> =>
      resultOf(await verify(["tiny", "--size", "32", "--format", "json", ...flags], { PATH: "" })).outputs[0]?.largest;
    const usual = await largest();
    expect(usual).toBe(await largest("--seed", "0"));
    expect(usual).not.toBe(await largest("--seed", "1"));
  });
});

describe("--weights", () => {
  const weights = ["--weights", "other/model.safetensors", "--size", "32"] as const;

  test("of another training differ", async () => {
    const result = await verify(["tiny", ...weights]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("tiny was not compiled from this very file: other/model.safetensors\n");
    expect(errorOf(result)).toContain("litevae compile MODEL -o tiny --target onnx,torch --weights other/model.safetensors");
  });
  test("of another training, where no Python runs them, leave the question open, which is no agreement", async () => {
    const result = await verify(["tiny", ...weights], { PATH: "" });
    expect(result.code).toBe(1);
    expect(errorOf(result)).toMatchInlineSnapshot(`
      "
      error: whether tiny gives what other/model.safetensors gives cannot be said
        expected: the file that it was compiled from, or a Python that runs the package with these weights
        found:    another file, and no Python with torch and safetensors was found to compare with; name one in LITEVAE_PYTHON
        help:     compile the folder from these weights: litevae compile MODEL -o tiny --target onnx,torch --weights other/model.safetensors
      "
    `);
  });
  test("that the folder was compiled from agree", async () => {
    const result = await verify(["other", ...weights, "--format", "json"]);
    expect(result.code, result.stderr).toBe(0);
    expect(resultOf(result)).toMatchObject({ compiledFromWeights: true, reference: { weights: "other/model.safetensors" } });
  });
  test("of another model are refused with the keys", async () => {
    await compile("mini.ts", "of_mini", "--parts", "discriminator");
    const result = await verify(["tiny", "--weights", "of_mini/model.safetensors"]);
    expect(result.code).toBe(1);
    expect(errorOf(result)).toMatch(
      /^\nerror: of_mini\/model.safetensors does not fit the package litevae_tiny\n {2}found: {4}the weights are not those of this model; 1\d missing: /,
    );
  });
  test("that are not there, or a folder without any, are told", async () => {
    expect(errorOf(await verify(["tiny", "--weights", "none.safetensors"]))).toMatch(
      /error: cannot read the weights none.safetensors\n/,
    );
    write(folder, { "nothing/note.txt": "" });
    expect(errorOf(await verify(["tiny", "--weights", "nothing"]))).toMatch(
      /error: cannot read the weights nothing\n {2}found: {4}a folder without diffusion_pytorch_model\.safetensors, /,
    );
  });
});

describe("Python", () => {
  test("that is not there leaves the checks of the graphs alone", async () => {
    const result = await verify(["tiny", "--size", "32"], { PATH: "" });
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("no Python with torch and safetensors was found to compare with; name one in LITEVAE_PYTHON");
    expect(result.stdout).toMatchInlineSnapshot(`
      "32×32, onnxruntime alone

      output          shape           worst on  largest |y|  largest |Δ|  allowed
      ──────────────  ──────────────  ────────  ───────────  ───────────  ───────  ──────
      encoder.mean    [1, 4, 8, 8]    noise           1.066            –        –  finite
      encoder.logvar  [1, 4, 8, 8]    noise           1.048            –        –  finite
      decoder.image   [1, 3, 32, 32]  noise          0.3744            –        –  finite
      "
    `);
  });
  test("is found in the folder's environment before the active one", async () => {
    await compile("tiny.ts", "environment", "--target", "onnx,torch");
    write(folder, { "environment/.venv/pyvenv.cfg": "", "active/bin/note": "", "environment/.venv/bin/note": "" });
    const found = async (variables: NodeJS.ProcessEnv): Promise<string | undefined> =>
      resultOf(await verify(["environment", "--size", "32", "--format", "json"], variables)).reference?.python;
    const launcher = `#!/bin/sh\nexec ${warm()} "$@"\n`;
    write(folder, { "active/bin/python": launcher });
    chmodSync(join(folder, "active/bin/python"), 0o755);
    expect(await found({ VIRTUAL_ENV: join(folder, "active"), PATH: "" })).toBe("<dir>/active/bin/python");
    symlinkSync(join(folder, "active/bin/python"), join(folder, "environment/.venv/bin/python"));
    expect(await found({ VIRTUAL_ENV: join(folder, "active"), PATH: "" })).toBe("environment/.venv/bin/python");
    // From a folder within a project, the project's.
    write(folder, { "project/deep/er/note": "", "project/.venv/pyvenv.cfg": "", "project/.venv/bin/note": "" });
    symlinkSync(join(folder, "active/bin/python"), join(folder, "project/.venv/bin/python"));
    const { stderr } = spawnSync(process.execPath, [command, "verify", join(folder, "tiny"), "--size", "32"], {
      cwd: join(folder, "project/deep/er"),
      encoding: "utf8",
      env: { ...environment, PATH: "" },
    });
    expect(stderr).toContain(`running litevae_tiny in ${join(folder, "project/.venv/bin/python")}\n`);
  });
  test("that LITEVAE_PYTHON names must have torch", async () => {
    expect(errorOf(await verify(["tiny"], { LITEVAE_PYTHON: "/nowhere/python" }))).toMatchInlineSnapshot(`
      "
      error: the Python that LITEVAE_PYTHON names cannot run the package
        expected: a Python with torch and safetensors
        found:    /nowhere/python
        help:     install them, pip install -e tiny, or unset LITEVAE_PYTHON
      "
    `);
  });
  /** A Python that has torch and then does this. */
  const failing = (does: string): NodeJS.ProcessEnv => {
    write(folder, { "failing.sh": `#!/bin/sh\n[ "$1" = -c ] && exit 0\n${does}\n` });
    chmodSync(join(folder, "failing.sh"), 0o755);
    return { LITEVAE_PYTHON: join(folder, "failing.sh") };
  };
  test("that fails is told with its last lines", async () => {
    const result = await verify(["tiny", "--size", "32"], failing("echo 'ImportError: no libtorch' >&2; exit 1"));
    expect(result.code).toBe(1);
    expect(errorOf(result)).toMatchInlineSnapshot(`
      "
      error: the package litevae_tiny does not run
        expected: outputs from Python
        found:    exit code 1
                  ImportError: no libtorch
        help:     compile the model again if its files were changed; memory may be short if Python was ended
      "
    `);
  });
  test("that is killed is told", async () => {
    expect(errorOf(await verify(["tiny", "--size", "32"], failing("kill -9 $$")))).toMatch(/ found: {4}ended by SIGKILL\n/);
  });
});

describe("a folder", () => {
  test("without a package is checked alone", async () => {
    await compile("tiny.ts", "plain");
    const { code, stderr } = await verify(["plain", "--size", "32"]);
    expect(code).toBe(0);
    expect(stderr).toContain("plain has no PyTorch package to compare with; compile with --target onnx,torch");
  });
  test("without graphs is refused", async () => {
    await compile("tiny.ts", "torch", "--target", "torch");
    const result = await verify(["torch"]);
    expect(result.code).toBe(1);
    expect(errorOf(result)).toMatch(/^\nerror: torch has no ONNX graph to verify\n/);
  });
  test("that is incomplete, or whose package was changed, is refused", async () => {
    write(folder, { "empty/note": "" });
    expect(errorOf(await verify(["empty"]))).toMatch(/error: empty is not a complete compile: it has no manifest.json\n/);
    await compile("tiny.ts", "changed", "--target", "onnx,torch");
    const model = join(folder, "changed/litevae_tiny/model.py");
    write(folder, { "changed/litevae_tiny/model.py": readFileSync(model, "utf8").replace("import", "Import") });
    expect(errorOf(await verify(["changed"]))).toMatch(/litevae_tiny\/model.py was changed after it was compiled\n/);
  });
  test("whose values are not finite fails", async () => {
    const tooLarge = tinyModel
      .replace("import { block", "import { scale, block")
      .replace("silu(conv(z))", "silu(scale(scale(conv(z), { factor: 1e38 }), { factor: 1e38 }))");
    write(folder, { "infinite.ts": tooLarge });
    await compile("infinite.ts", "infinite", "--target", "onnx,torch");
    expect(errorOf(await verify(["infinite", "--size", "32"], { PATH: "" }))).toMatchInlineSnapshot(`
      "
      error: the graphs in infinite give values that are not finite
        expected: numbers
        found:    decoder.image
        help:     look for overflow: compile the model without --precision fp16, or check its weights
      "
    `);
    const compared = await verify(["infinite", "--size", "32"]);
    expect(compared.code).toBe(1);
    expect(compared.stdout).toMatch(/decoder\.image .* NaN .* not finite\n/);
  });
});
