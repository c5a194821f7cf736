/** What every command prints with `--format json`, and the files of JSON that it writes, against the schemas: a key that no schema has fails. */
// @module-tag slow
import { Ajv } from "ajv";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { commandLine } from "../../src/cli/main.ts";
import { configText } from "../../src/compiler/config.ts";
import { writeImage } from "../e2e/encoding.ts";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

const folder = tempFolder();
const schemas = join(root, "src/schemas");
const names = readdirSync(schemas).map((file) => file.replace(".schema.json", ""));
const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });

function read(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

async function json(...args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await litevae(folder, ...args, "--format", "json");
  expect(stdout, stderr).not.toBe("");
  return JSON.parse(stdout);
}

/** By the names of the schemas, what there is of each. */
const outputs: Record<string, readonly unknown[]> = {};

beforeAll(async () => {
  const wider = tinyModel.replaceAll("out: 8 }), out: conv2d({ in: 8", "out: 16 }), out: conv2d({ in: 16");
  write(folder, {
    "tiny.ts": tinyModel,
    "wider.ts": wider,
    "set/b.png": "no image",
    "RUN/metrics.jsonl": '{"step": 1, "phase": "a", "loss": 1}\n{',
  });
  await writeImage(folder, "set/a.png", 7);
  const found = {
    init: [await json("init", "started")],
    list: [await json("list")],
    check: [await json("check", "nano"), await json("check", "none.ts")],
    summary: [await json("summary", "tiny.ts", "--size", "32")],
    keys: [await json("summary", "tiny.ts", "--keys")],
    compare: [
      await json("compare", "tiny.ts", "wider.ts", "--size", "32", "--budget", "encoder=1k", "--budget", "decoder.macs=1"),
    ],
    search: [
      await json(
        "search",
        join(root, "examples/searchable.ts"),
        "--vary",
        "channels=8/12",
        "--size",
        "32",
        "--budget",
        "encoder=1M",
      ),
    ],
    compile: [
      await json("compile", "tiny.ts", "-o", "out"),
      await json("compile", "tiny.ts", "-o", "fixed", "--fixed", "1,32,32", "--target", "onnx,torch"),
    ],
    run: [await json("run", "out", "set", "-o", "through"), await json("run", "out", "set/a.png", "-o", "tiled", "--tile", "20")],
    encode: [await json("encode", "out", "set", "-o", "latents", "--size", "32", "--workers", "0", "--flip")],
    report: [await json("report", "RUN")],
    verify: [await json("verify", "out", "--size", "32")],
    bench: [
      await json(
        "bench",
        "out",
        "--parts",
        "encoder",
        "--batches",
        "1",
        "--size",
        "32",
        "--provider",
        "cpu",
        "--repeats",
        "1",
        "--seconds",
        "0",
      ),
    ],
    manifest: [read(folder, "out/manifest.json"), read(folder, "fixed/manifest.json")],
    config: [read(folder, "out/config.json"), diffusersConfig()],
    latents: [read(folder, "latents/manifest.json")],
  };
  Object.assign(outputs, found);
});

/** In diffusers' layout, with all that weights bring. */
function diffusersConfig(): unknown {
  const model = builtIns["sd-vae"]!.build({});
  const measured = {
    scaling_factor: 0.18,
    shift_factor: 0,
    latents_mean: [0, 0, 0, 0],
    latents_std: [1, 1, 1, 1],
    latent_images: 3,
  };
  const pixels = { profile: "srgb", range: [0, 255], nodata: null, fill: null } as const;
  const parts = model.parts.filter(({ trainingOnly }) => trainingOnly !== true);
  return JSON.parse(
    configText(model, parts, { latents: measured, pixels: { ...pixels, range: [0, 255] }, carried: { force_upcast: true } }),
  );
}

test("every schema has an output, and every command that prints facts a schema", () => {
  expect(Object.keys(outputs).sort()).toEqual([...names].sort());
  // serve prints an address, completions a script for a shell.
  const commands = commandLine().commands.map((command) => command.name());
  expect(commands.filter((name) => !names.includes(name))).toEqual(["serve", "completions"]);
});

test.each(names)("%s", (name) => {
  const isValid = ajv.compile(read(schemas, `${name}.schema.json`) as object);
  for (const output of outputs[name]!) {
    isValid(output);
    expect(isValid.errors).toBeNull();
    const records = (Array.isArray(output) ? output : [output]) as readonly Record<string, unknown>[];
    expect(records.length).toBeGreaterThan(0);
    const [first, ...others] = records;
    const strange = { ...first, undocumented: "no schema has this" };
    // What diffusers reads of config.json is diffusers'.
    if ("_class_name" in strange) continue;
    expect(isValid(Array.isArray(output) ? [strange, ...others] : strange)).toBe(false);
  }
});
