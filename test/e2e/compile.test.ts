/** What `compile` writes: the same bytes for the same input, files that match their manifest, graphs that runtimes load. */
// @module-tag python
// @module-tag slow
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae as litevaeModel } from "../../dsl/index.ts";
import { builtIns } from "../../dsl/models/index.ts";
import { resources } from "../../src/cli/resources.ts";
import { compile as compileModel } from "../../src/compiler/compile.ts";
import { OutputFolder } from "../../src/artifact/output-folder.ts";
import type { Model } from "../../src/ir/model.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { onnxFiles } from "../../src/targets/onnx/emit.ts";
import { onnx } from "../../src/targets/onnx/target.ts";
import { optionsOf } from "../../src/targets/target.ts";
import type { OnnxGraph } from "../../src/targets/onnx/graph.ts";
import { facts, hashes, litevae, manifestOf, photos, sha256, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();
const allParts = ["--parts", "encoder,decoder,discriminator"] as const;

/** Every kind of layer that the built-in models have, attention and spectral norm among them, with few channels. */
const miniModel = `import { litevae } from "litevae";

export default litevae({ variant: "S", decoder: { base: 32, multipliers: [1, 1, 1, 1] }, discriminator: { kind: "unet", channels: 4 } });
`;

/** Compiles into a folder of the given name, which must succeed. */
function compile(model: string, out: string, ...flags: readonly string[]): string {
  const { code, stdout, stderr } = litevae(folder, "compile", model, "-o", out, ...flags);
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "" });
  return join(folder, out);
}

const ask = (question: string, ...args: readonly string[]): unknown => facts(folder, question, ...args);

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel, "mini.ts": miniModel });
});

describe("the same input", () => {
  test("gives the same bytes: a built-in model", () => {
    expect(hashes(compile("nano", "nano-1"))).toEqual(hashes(compile("nano", "nano-2")));
  });
  test("gives the same bytes: a file, from another place, over a folder that is complete", () => {
    write(folder, { "elsewhere/far/tiny.ts": tinyModel });
    const flags = ["--target", "onnx,torch", "--external-data"];
    compile("tiny.ts", "tiny-2", "--seed", "7");
    expect(hashes(compile("tiny.ts", "tiny-1", ...flags))).toEqual(hashes(compile("elsewhere/far/tiny.ts", "tiny-2", ...flags)));
  });
  test("with another seed gives other weights, and nothing else", () => {
    const [one, two] = [compile("mini.ts", "seed-0", ...allParts), compile("mini.ts", "seed-1", ...allParts, "--seed", "1")];
    const [changed, same] = ask("different_weights", "seed-0", "seed-1") as readonly (readonly string[])[];
    expect(changed?.length).toBeGreaterThan(500);
    // Norms start at ones and zeros, whatever the seed.
    expect(same?.filter((key) => !/norm\w*\.(?:weight|bias)$/.test(key))).toEqual([]);
    for (const part of ["encoder", "decoder", "discriminator"]) {
      expect(ask("different_graphs", "seed-0", "seed-1", part)).toEqual({ weights: ["untrained, seed 0", "untrained, seed 1"] });
    }
    expect(readFileSync(join(one, "config.json"))).toEqual(readFileSync(join(two, "config.json")));
  });
  test("gives a part the same weights, whatever other parts are compiled", () => {
    const [all, alone] = [join(folder, "seed-0"), compile("mini.ts", "alone", "--parts", "encoder")];
    expect(readFileSync(join(alone, "encoder.onnx")).equals(readFileSync(join(all, "encoder.onnx")))).toBe(true);
    expect(readFileSync(join(all, "model.safetensors")).includes(tensorBytes(join(alone, "model.safetensors")))).toBe(true);
  });
});

/** What follows the header of a safetensors file. */
function tensorBytes(path: string): Buffer {
  const bytes = readFileSync(path);
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
}

describe("the folder", () => {
  const filesOf = (out: string): readonly string[] => Object.keys(hashes(out));

  test("says which sizes encoder and decoder take, whatever the discriminator needs beside them", () => {
    write(folder, {
      "sized.ts": `import { litevae } from "litevae";
export default litevae({ variant: "S", latentChannels: 2, decoder: { norm: "smc", base: 4 }, discriminator: { kind: "unet", channels: 2 } });`,
    });
    expect(litevae(folder, "compile", "sized.ts", "-o", "sized", "--parts", "encoder,decoder,discriminator").code).toBe(0);
    const config = JSON.parse(readFileSync(join(folder, "sized/config.json"), "utf8")) as Record<string, unknown>;
    const multiples = (step: number): unknown => ({ height: { minimum: step, step }, width: { minimum: step, step } });
    expect(config).toMatchObject({ sizes: multiples(8), sizes_with_discriminator: multiples(64) });
    expect(readFileSync(join(folder, "sized/client.mjs"), "utf8")).not.toMatch(/(minimum|step): 64/);
    const image = join(photos, "chelsea.png");
    expect(litevae(folder, "run", "sized", image, "-o", "images").stdout).toContain("300×451, padded to 304×456");
    expect(litevae(folder, "verify", "sized", "--size", "72").stdout).toContain("128×128");
  });
  test("holds what its manifest lists, with sizes and sha256, and the manifest", () => {
    const out = compile("mini.ts", "listed", "--target", "onnx,torch", "--external-data", ...allParts);
    const { files, litevae: version, model } = manifestOf(out);
    expect({ version, model }).toEqual({ version: "0.1.0", model: "mini" });
    expect([...Object.keys(files), "manifest.json"].sort()).toEqual(filesOf(out));
    const some = [
      "client.d.mts",
      "client.mjs",
      "config.json",
      "decoder.onnx",
      "decoder.onnx.data",
      "discriminator.onnx",
      "model.safetensors",
      "pyproject.toml",
    ];
    expect(Object.keys(files)).toEqual(expect.arrayContaining(some));
    for (const [name, { bytes, sha256: hash }] of Object.entries(files)) {
      const content = readFileSync(join(out, name));
      expect({ name, bytes, hash }).toEqual({ name, bytes: content.length, hash: sha256(content) });
    }
  });
  test("loses what an earlier compile left and this one does not write", () => {
    const out = compile("tiny.ts", "again", "--target", "onnx,torch", "--external-data");
    expect(filesOf(out)).toContain("decoder.onnx.data");
    compile("tiny.ts", "again", "--parts", "encoder");
    expect(readdirSync(out).sort()).toEqual([
      "client.d.mts",
      "client.mjs",
      "config.json",
      "encoder.onnx",
      "manifest.json",
      "model.safetensors",
    ]);
  });
  test("is used again after Python left its caches and measurements in it", () => {
    const { stderr } = litevae(folder, "compile", "tiny.ts", "-o", "cached", "--target", "torch");
    expect(stderr).toMatch(/^tiny: writing the PyTorch package cached\/litevae_tiny\ntiny: writing model\.safetensors\n/);
    const left = [
      "litevae_tiny/__pycache__/model.cpython-311.pyc",
      "litevae_tiny.egg-info/PKG-INFO",
      "evaluation.json",
      "evaluation-2.json",
    ];
    const caches = left.map((name) => `cached/${name}`);
    write(folder, Object.fromEntries(caches.map((name) => [name, "made by Python"])));
    compile("tiny.ts", "cached", "--target", "torch");
    for (const name of caches) expect(readFileSync(join(folder, name), "utf8")).toBe("made by Python");
  });
});

describe("weights", () => {
  beforeAll(() => {
    compile("tiny.ts", "weights", "--seed", "3");
  });

  test("under the prefixes of DataParallel and torch.compile are those of the model", () => {
    expect(ask("save_as", "weights", "prefixed.safetensors", "prefixed")).toBe(12);
    const out = compile("tiny.ts", "prefixed", "--weights", "prefixed.safetensors");
    expect(readFileSync(join(out, "model.safetensors"))).toEqual(readFileSync(join(folder, "weights/model.safetensors")));
    expect(manifestOf(out).weights).toEqual({ file_sha256: sha256(readFileSync(join(folder, "prefixed.safetensors"))) });
    expect(ask("description", "prefixed/encoder.onnx")).toMatchObject({ metadata: { weights: "trained" } });
  });
  test.each(["float16", "bfloat16", "float64"])("in %s are read as the float32 of the same value", (type) => {
    expect(ask("save_as", "weights", `${type}.safetensors`, type)).toBe(12);
    compile("tiny.ts", type, "--weights", `${type}.safetensors`);
    expect(ask("rounded", "weights", type, type)).toBe(12);
  });
  test("may lie in the folder that is written", () => {
    const before = hashes(join(folder, "weights"));
    const out = compile("tiny.ts", "weights", "--weights", "weights/model.safetensors");
    expect(hashes(out)["model.safetensors"]).toBe(before["model.safetensors"]);
    expect(manifestOf(out).weights).toEqual({ file_sha256: before["model.safetensors"] });
  });
});

/** An image or latent whose values follow from their index. */
function wave(...shape: readonly number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  return new Tensor(
    "float32",
    Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37)),
    shape,
  );
}

async function run(path: string, input: Tensor): Promise<Readonly<Record<string, unknown>>> {
  const session = await InferenceSession.create(path);
  const outputs = await session.run({ [session.inputNames[0] ?? ""]: input });
  return Object.fromEntries(Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data }]));
}

describe("external data", () => {
  test("gives what the whole file gives", async () => {
    const [whole, split] = [compile("mini.ts", "whole"), compile("mini.ts", "split", "--external-data")];
    expect(statSync(join(split, "decoder.onnx")).size).toBeLessThan(statSync(join(whole, "decoder.onnx")).size / 5);
    for (const [part, input, names] of [
      ["encoder.onnx", wave(2, 3, 32, 40), ["mean", "logvar"]],
      ["decoder.onnx", wave(2, 12, 4, 5), ["image"]],
    ] as const) {
      const outputs = await run(join(whole, part), input);
      expect(Object.keys(outputs)).toEqual(names);
      expect(await run(join(split, part), input)).toEqual(outputs);
    }
  });

  /** A graph whose weights are as large as it says, and of a few bytes when they are written. */
  const graphOf = (bytes: number): OnnxGraph => ({
    name: "encoder",
    doc: "",
    opset: 18,
    sample: { N: 1, H: 8, W: 8 },
    nodes: [{ name: "copy", type: "Identity", inputs: ["image"], outputs: ["mean"], attrs: {} }],
    inputs: [{ name: "image", dims: shapeOf("N", 3, "H", "W") }],
    outputs: [{ name: "mean", dims: shapeOf("N", 3, "H", "W") }],
    values: [],
    initializers: [{ name: "huge", dims: [bytes / 4], dtype: "float32", load: () => new Uint8Array(8) }],
  });
  const info = { irVersion: 8, producer: "litevae", producerVersion: "0", metadata: {} };
  const limit = 2 ** 31 - 2 ** 20;

  test.each([
    [limit - 4, false],
    [limit, true],
    [2 ** 33, true],
  ])("is used without being asked for where weights do not fit a protobuf message: %d bytes, %s", (bytes, outside) => {
    const out = join(folder, "huge");
    rmSync(out, { recursive: true, force: true });
    const target = new OutputFolder(out, { force: false });
    target.begin();
    for (const { name, pieces } of onnxFiles(graphOf(bytes), info, { externalData: false })) target.write(name, pieces());
    expect(existsSync(join(out, "encoder.onnx.data"))).toBe(outside);
    if (!outside) return;
    const place = { location: "encoder.onnx.data", offset: "0", length: String(bytes) };
    expect(ask("located", "huge/encoder.onnx")).toEqual([[bytes / 4], 1, place]);
  });
});

/** A model's graphs as compile writes them with --external-data, in `folder`; the files with their weights are left out. */
async function graphsWithoutWeights(model: Model, parts: readonly string[], prefix = "unweighted"): Promise<readonly string[]> {
  const silent = (): void => undefined;
  const { files } = await compileModel(model, {
    parts,
    targets: [{ target: onnx, options: optionsOf(onnx, { externalData: true }) }],
    resources,
    seed: 0,
    version: "0",
    progress: silent,
    note: silent,
  });
  const graphs = files.filter(({ name }) => name.endsWith(".onnx"));
  for (const { name, pieces } of graphs)
    write(folder, { [`${prefix}-${name}`]: Buffer.concat([...pieces()].map((piece) => Buffer.from(piece))) });
  return graphs.map(({ name }) => `${prefix}-${name}`);
}

describe("graphs", () => {
  test("of every operator set pass onnx's checker and compute the same in onnxruntime", () => {
    const folders = ["18", "19", "20", "21"].map((opset) => {
      compile("mini.ts", `opset-${opset}`, "--opset", opset, ...allParts);
      return `opset-${opset}`;
    });
    expect(ask("versions", ...folders)).toEqual([
      [8, 18],
      [9, 19],
      [9, 20],
      [10, 21],
    ]);
  });

  test("say what they are", () => {
    compile("mini.ts", "described", ...allParts, "--seed", "5");
    const latent = ["N", 12, "H/8", "W/8"];
    const encoder = {
      producer: ["litevae", "0.1.0"],
      graph: "encoder",
      inputs: { image: ["N", 3, "H", "W"] },
      outputs: { mean: latent, logvar: latent },
      metadata: {
        model: "mini",
        part: "encoder",
        model_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        image_channels: "3",
        latent_channels: "12",
        stride: "8",
        image_range: "[-1, 1]",
        image_height_minimum: "8",
        image_height_step: "8",
        image_width_minimum: "8",
        image_width_step: "8",
        compiled_for: "portable",
        weights: "untrained, seed 5",
      },
    };
    expect(ask("description", "described/encoder.onnx")).toEqual(encoder);
    expect(ask("description", "described/discriminator.onnx")).toEqual({
      ...encoder,
      graph: "discriminator",
      outputs: { pixel_logits: ["N", 1, "H", "W"], global_logit: ["N", 1] },
      metadata: {
        ...encoder.metadata,
        part: "discriminator",
        image_height_minimum: "64",
        image_height_step: "64",
        image_width_minimum: "64",
        image_width_step: "64",
      },
    });
    expect(ask("description", "described/decoder.onnx")).toEqual({
      ...encoder,
      graph: "decoder",
      inputs: { latent: ["N", 12, "h", "w"] },
      outputs: { image: ["N", 3, "8*h", "8*w"] },
      metadata: { ...encoder.metadata, part: "decoder", sides: "h = H/8, w = W/8" },
    });
  });

  test("of every built-in autoencoder go through onnxruntime's symbolic shape inference and preparation for quantising, merging nothing", async () => {
    const graphs: string[] = [];
    // What the tool looks at of weights are their sizes: holes in a file do.
    write(folder, { "encoder.onnx.data": "", "decoder.onnx.data": "" });
    for (const part of ["encoder", "decoder"]) truncateSync(join(folder, `${part}.onnx.data`), 2 ** 31);
    for (const [name, { build }] of Object.entries(builtIns)) {
      const model = build({});
      graphs.push(...(await graphsWithoutWeights(model, ["encoder", "decoder"], name)));
    }
    expect(graphs.length).toBe(2 * Object.keys(builtIns).length);
    const found = ask("symbolic_shapes", ...graphs) as Readonly<Record<string, string>>;
    expect(Object.keys(found)).toEqual(graphs);
    for (const [graph, result] of Object.entries(found)) expect(result, graph).toBe("inferred");
    for (const name of ["nano", "vae-small"]) {
      compile(name, `quantised-${name}`);
      for (const part of ["encoder", "decoder"]) expect(ask("preprocessed", `quantised-${name}/${part}.onnx`), part).toBe(true);
    }
  }, 180_000);

  test.each([
    ["s", "encoder"],
    ["b", "encoder,decoder,discriminator"],
    ["b-smc", "decoder"],
    ["sd-vae", "encoder,decoder"],
    ["patchgan", "discriminator"],
  ])("of %s (%s) compute nothing with sizes: what reads one is a Reshape", async (name, parts) => {
    const model = builtIns[name]?.build({}) ?? litevaeModel({ variant: "S", discriminator: { kind: "patchgan" } });
    const files = await graphsWithoutWeights(model, parts.split(","));
    const uses = ask("whole_numbers", ...files) as Readonly<Record<string, readonly string[]>>;
    expect(uses["another node"]).toEqual([]);
    expect(uses["Shape"]?.filter((use) => use !== "Reshape[1]")).toEqual([]);
    // Targets of Reshape, bounds and steps of Slice, amounts of Pad, axes of reductions: written once, computed by nobody.
    const literal = /^(?:Reshape\[1\]|Expand\[1\]|ReduceMean\[1\]|Slice\[[1234]\]|Pad\[1\]|ReduceSum\[1\])$/;
    expect(uses["constant"]?.filter((use) => !literal.test(use))).toEqual([]);
  });
});
