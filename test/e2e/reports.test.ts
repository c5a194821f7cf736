/** `list`, `check`, `summary` and `compare`: what goes to stdout is for scripts and readers, the rest to stderr. */
// @module-tag slow
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "./in-process.ts";
import { command, environment, litevae as started, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

/** What a command that must succeed without a word on stderr prints. */
async function printed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await litevae(folder, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

test("--version prints the version", async () => {
  expect(await printed("--version")).toBe("0.1.0\n");
});

test("list: a line for every built-in model, its name first", async () => {
  const [models = "", recipes = ""] = (await printed("list")).trimEnd().split("\n\nrecipes for --recipe\n");
  for (const line of recipes.split("\n")) expect(line).toMatch(/^[a-z][a-z0-9-]* +\S.*$/);
  const lines = models.split("\n");
  for (const line of lines) expect(line).toMatch(/^[a-z][a-z0-9-]* +\S.*$/);
  const names = lines.map((line) => line.split(" ")[0]);
  expect(names).toEqual(
    expect.arrayContaining(["s", "b", "m", "l", "s-smc", "b-smc", "m-smc", "l-smc", "sd-vae", "vae-small", "nano"]),
  );
});

describe("check", () => {
  test("a file whose types and shapes are right", async () => {
    const { code, stdout, stderr } = await litevae(folder, "check", "tiny.ts");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "checking types\n" });
    expect(`\n${stdout}`).toMatchInlineSnapshot(`
      "
      tiny: types and shapes are right
        encoder       [N, 3, H, W] → mean [N, 4, H/4, W/4], logvar [N, 4, H/4, W/4]; sides in multiples of 4; reach 4 px, not exact in tiles: 1 groupNorm sees the whole image
        decoder       [N, 4, H/4, W/4] → image [N, 3, H, W]; sides in multiples of 4; reach 8 px, exact in tiles
      "
    `);
  });
  test("a network that takes images of any size", async () => {
    write(folder, {
      "sized.ts": `import { conv2d, network } from "litevae/dsl";\nexport default network({ inputs: [{ channels: 3 }], block: conv2d({ in: 3, out: 8 }) });\n`,
    });
    expect((await litevae(folder, "check", "sized.ts")).stdout).toContain("; any size; reach 1 px");
  });
  test("JavaScript, the types where it asks for that", async () => {
    write(folder, {
      "plain.mjs": 'import { litevae } from "litevae";\nexport default litevae({ variant: "S" });\n',
      "checked.js": '// @ts-check\nimport { litevae } from "litevae";\nexport default litevae({ variant: 3 });\n',
    });
    const plain = await litevae(folder, "check", "plain.mjs");
    expect(plain).toMatchObject({ code: 0, stderr: "checking types, of JavaScript where // @ts-check asks for it\n" });
    expect(plain.stdout).toMatch(/^plain: types and shapes are right\n/);
    const { code, stdout, stderr } = await litevae(folder, "check", "checked.js");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(
      'error: Type \'number\' is not assignable to type \'"S" | "B" | "M" | "L"\'. (TS2322)\n  at checked.js:3:',
    );
  });
  test("a built-in model", async () => {
    expect(`\n${await printed("check", "nano", "--latent", "8")}`).toMatchInlineSnapshot(`
      "
      nano: types and shapes are right
        encoder       [N, 3, H, W] → mean [N, 8, H/8, W/8], logvar [N, 8, H/8, W/8]; sides in multiples of 8; reach 480 px, not exact in tiles: 112 groupNorm see the whole image
        decoder       [N, 8, H/8, W/8] → image [N, 3, H, W]; sides in multiples of 8; reach 144 px, exact in tiles
        discriminator [N, 3, H, W] → pixel_logits [N, 1, H, W], global_logit [N, 1]; sides in multiples of 32; reach 126 px, not exact in tiles: 1 globalPool sees the whole image
      "
    `);
  });
});

describe("summary", () => {
  test("all modules of a file", async () => {
    expect(`\n${await printed("summary", "tiny.ts", "--size", "64")}`).toMatchInlineSnapshot(`
      "
      tiny at 64×64, latent channels 4, batch 1, float32

      module   kind       output shape    params     MACs    kMACs  activation, KiB
      ───────  ─────────  ──────────────  ──────  ───────  ───────  ───────────────
      encoder  Encoder    [1, 8, 16, 16]     992  245,760  245.760            80.52
        down   conv2d     [1, 8, 16, 16]     392   98,304   98.304            72.00
        norm   groupNorm  [1, 8, 16, 16]      16        0    0.000            80.52
        out    conv2d     [1, 8, 16, 16]     584  147,456  147.456            72.00
      encoder: 992 parameters; 245,760 MACs (245.760 kMACs); 491,520 FLOPs = 2·MACs (491.520 kFLOPs); activation 82,452 bytes (80.52 KiB); largest tensor 49,152 bytes (48.00 KiB); activation in torch 65,536 bytes (64.00 KiB); saved for backward 81,936 bytes (80.02 KiB); reach 4 px, not exact in tiles: 1 groupNorm sees the whole image

      module   kind       output shape    params     MACs    kMACs  activation, KiB
      ───────  ─────────  ──────────────  ──────  ───────  ───────  ───────────────
      decoder  Decoder    [1, 3, 64, 64]     520  958,464  958.464           388.00
        conv   smcConv2d  [1, 8, 16, 16]     301   73,728   73.728            20.00
        out    conv2d     [1, 3, 64, 64]     219  884,736  884.736           388.00
      decoder: 520 parameters; 958,464 MACs (958.464 kMACs); 1,916,928 FLOPs = 2·MACs (1.917 MFLOPs); activation 397,312 bytes (388.00 KiB); largest tensor 131,072 bytes (128.00 KiB); activation in torch 184,320 bytes (180.00 KiB); saved for backward 143,360 bytes (140.00 KiB); reach 8 px, exact in tiles

      activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
      largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
      activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
      saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top
      "
    `);
  });
  test("--depth 0: the parts alone", async () => {
    expect(`\n${await printed("summary", "tiny.ts", "--size", "64", "--depth", "0")}`).toMatchInlineSnapshot(`
      "
      tiny at 64×64, latent channels 4, batch 1, float32

      module   kind     output shape    params     MACs    kMACs  activation, KiB
      ───────  ───────  ──────────────  ──────  ───────  ───────  ───────────────
      encoder  Encoder  [1, 8, 16, 16]     992  245,760  245.760            80.52
      encoder: 992 parameters; 245,760 MACs (245.760 kMACs); 491,520 FLOPs = 2·MACs (491.520 kFLOPs); activation 82,452 bytes (80.52 KiB); largest tensor 49,152 bytes (48.00 KiB); activation in torch 65,536 bytes (64.00 KiB); saved for backward 81,936 bytes (80.02 KiB); reach 4 px, not exact in tiles: 1 groupNorm sees the whole image

      module   kind     output shape    params     MACs    kMACs  activation, KiB
      ───────  ───────  ──────────────  ──────  ───────  ───────  ───────────────
      decoder  Decoder  [1, 3, 64, 64]     520  958,464  958.464           388.00
      decoder: 520 parameters; 958,464 MACs (958.464 kMACs); 1,916,928 FLOPs = 2·MACs (1.917 MFLOPs); activation 397,312 bytes (388.00 KiB); largest tensor 131,072 bytes (128.00 KiB); activation in torch 184,320 bytes (180.00 KiB); saved for backward 143,360 bytes (140.00 KiB); reach 8 px, exact in tiles

      activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
      largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
      activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
      saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top
      "
    `);
  });
  test("--depth 1: what the parts are made of", async () => {
    const lines = async (...flags: readonly string[]): Promise<number> =>
      (await printed("summary", "nano", ...flags)).split("\n").length;
    const [all, one, two] = [await lines(), await lines("--depth", "1"), await lines("--depth", "2")];
    expect(one).toBeLessThan(two);
    expect(two).toBeLessThan(all);
  });
  test("what the model's code prints goes to stderr", () => {
    write(folder, { "talks.ts": `${tinyModel}console.log("hello", 1);\nprocess.stdout.write("there\\n");\n` });
    const { code, stdout, stderr } = started(folder, "summary", "talks.ts", "--format", "json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "hello 1\nthere\n" });
    expect(JSON.parse(stdout)).toMatchObject({ model: "talks" });
  });
  test("a reader that stops reading is no error", () => {
    const script = '{ "$0" "$1" summary l; echo "exit code $?" >&2; } | :';
    const { stderr } = spawnSync("sh", ["-c", script, process.execPath, command], {
      cwd: folder,
      encoding: "utf8",
      env: environment,
    });
    expect(stderr).toBe("exit code 0\n");
  });
});

describe("compare", () => {
  const number: unknown = expect.any(Number);
  const count = {
    params: number,
    macs: number,
    flops: number,
    activationBytes: number,
    largestTensorBytes: number,
    torchActivationBytes: number,
    savedBytes: number,
  };

  test("--format json prints the contract: these keys and no others", async () => {
    expect(JSON.parse(await printed("compare", "b", "tiny.ts", "sd-vae", "--format", "json"))).toStrictEqual([
      { model: "b", size: 256, latentChannels: 12, parts: { encoder: count, decoder: count, discriminator: count } },
      { model: "tiny", size: 256, latentChannels: 4, parts: { encoder: count, decoder: count } },
      { model: "sd-vae", size: 256, latentChannels: 4, parts: { encoder: count, decoder: count, discriminator: count } },
    ]);
  });
  test("--format json has the published numbers of LiteVAE-B", async () => {
    const [b] = JSON.parse(await printed("compare", "b", "--format", "json")) as [{ parts: Record<string, { params: number }> }];
    expect(b.parts["encoder"]?.params).toBe(6_755_260);
    expect(b.parts["decoder"]?.params).toBe(49_527_043);
  });
  test("--latent and --size change the built-in models", async () => {
    const [{ size, latentChannels }] = JSON.parse(
      await printed("compare", "s", "tiny.ts", "--latent", "4", "--size", "512", "--format", "json"),
    ) as [{ size: number; latentChannels: number }];
    expect({ size, latentChannels }).toEqual({ size: 512, latentChannels: 4 });
  });
  test("a discriminator that the size does not fit is null, and a note says why", async () => {
    const { code, stdout, stderr } = await litevae(folder, "compare", "s", "--size", "264", "--format", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ size: 264, parts: { discriminator: null } }]);
    expect(`\n${stderr}`).toMatchInlineSnapshot(`
      "
      note: the discriminator is not measured: 264 does not fit s: H/64 is not whole
        in:       discriminator
        expected: a height that is a multiple of 64
        found:    H/64 = 4.125
        help:     use 256 or 320
      "
    `);
  });
  test("-o writes to the file what would go to stdout", async () => {
    const args = ["compare", "s", "tiny.ts", "--format", "md"];
    const text = await printed(...args);
    expect(await printed(...args, "-o", "report.md")).toBe("");
    expect(readFileSync(join(folder, "report.md"), "utf8")).toBe(text);
  });
  test("models of one name are called by their paths, in budgets too", async () => {
    const wider = tinyModel
      .replace("in: 3, out: 8", "in: 3, out: 16")
      .replace("channels: 8", "channels: 16")
      .replace("in: 8,", "in: 16,");
    write(folder, { "a/model.ts": tinyModel, "b/model.ts": wider });
    const names = ["a/model.ts", "b/model.ts"] as const;
    const { code, stdout, stderr } = await litevae(
      folder,
      "compare",
      ...names,
      "tiny.ts",
      "--budget",
      "encoder=1k",
      "--format",
      "json",
    );
    expect(code).toBe(1);
    const models = JSON.parse(stdout) as readonly { model: string; budget: readonly { over: number }[] }[];
    expect(models.map(({ model, budget }) => [model, budget.map(({ over }) => over)])).toEqual([
      ["a/model.ts", [0]],
      ["b/model.ts", [976]],
      ["tiny", [0]],
    ]);
    expect(stderr).toMatch(/^error: b\/model\.ts: encoder has 1,976 parameters,/);
  });
  test.runIf(existsSync("/dev/full"))("stdout without room is told in a line", () => {
    const full = openSync("/dev/full", "w");
    const { status, stderr } = spawnSync(process.execPath, [command, "compare", "tiny.ts"], {
      cwd: folder,
      encoding: "utf8",
      env: environment,
      stdio: ["ignore", full, "pipe"],
    });
    closeSync(full);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "error: cannot write to stdout: no space left on device\n" });
  });
  test("budgets that are kept say nothing", async () => {
    expect(
      await printed("compare", "s", "--budget", "encoder=1.1M", "--budget", "decoder.activation=230MiB", "--format", "csv"),
    ).toMatch(/^model,/);
  });
});
