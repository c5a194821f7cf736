/** What compiled graphs say of themselves, and that onnx's checker and onnxruntime take them. */
// @module-tag python
// @module-tag slow
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae as litevaeModel } from "../../dsl/index.ts";
import { builtIns } from "../../dsl/models/index.ts";
import { nodeResources } from "../../src/api/node/resources.ts";
import { compile as compileModel } from "../../src/compiler/compile.ts";
import { OutputFolder } from "../../src/artifact/output-folder.ts";
import type { Model } from "../../src/ir/model.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { onnxFiles } from "../../src/targets/onnx/emit.ts";
import { onnx } from "../../src/targets/onnx/target.ts";
import { optionsOf } from "../../src/targets/target.ts";
import type { OnnxGraph } from "../../src/targets/onnx/graph.ts";
import { write } from "./litevae.ts";
import { folder, allParts, compile, ask, writeModels } from "./compiling.ts";

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

beforeAll(writeModels);

describe("external data", () => {
  test("gives what the whole file gives", async () => {
    const [whole, split] = [await compile("mini.ts", "whole"), await compile("mini.ts", "split", "--external-data")];
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
    samples: [
      { N: 1, H: 8, W: 8 },
      { N: 2, H: 16, W: 24 },
    ],
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

/** Parts of other forms than mini's: stable diffusion's encoder, and a decoder without norms. */
const formsModel = `import { KlDecoder, KlEncoder } from "litevae/blocks";
import { model } from "litevae/dsl";

const levels = { imageChannels: 3, base: 32, multipliers: [1, 2], blocks: 1, attentionAt: [] };

export default model({
  latentChannels: 4,
  encoder: KlEncoder({ moments: 8, attention: true, ...levels }),
  decoder: KlDecoder({ latentChannels: 4, norm: "smc", attention: false, ...levels }),
});
`;

/** Networks in which maps meet whose sides readers call differently: their inputs, layers and function. */
const meetings = {
  "an enlarged map and a halved one": [
    `{ name: "image", channels: 3 }, { name: "deep", channels: 8, stride: 4 }`,
    `a: conv2d({ in: 8, out: 8 }), b: conv2d({ in: 3, out: 8, stride: 2 })`,
    `(image: Feature<3, 1>, deep: Feature<8, 4>) => concat(l.a(upsample(deep, { factor: 2 })), l.b(image))`,
  ],
  "a pool and a convolution": [
    `{ name: "image", channels: 3 }`,
    `a: conv2d({ in: 3, out: 3, stride: 2 })`,
    `(image: Feature<3, 1>) => add(l.a(image), avgPool2d(image, { size: 2 }))`,
  ],
  "an enlarged map and a vector": [
    `{ name: "latent", channels: 4, stride: 4 }, { name: "time", features: 6 }`,
    `a: conv2d({ in: 4, out: 8 }), b: linear({ in: 6, out: 8 })`,
    `(latent: Feature<4, 4>, time: Vector<6>) => mul(l.a(upsample(latent, { factor: 2 })), asMap(l.b(time)))`,
  ],
  "shuffled pixels, a transposed convolution and a skip of one channel": [
    `{ name: "latent", channels: 8, stride: 4 }, { name: "skip", channels: 1, stride: 2 }`,
    `a: convTranspose2d({ in: 8, out: 2, kernel: 4, stride: 2, padding: 1 }), b: groupNorm({ channels: 2, groups: 2 })`,
    `(latent: Feature<8, 4>, skip: Feature<1, 2>) =>
      mul(l.b(add(pixelShuffle(latent, { factor: 2 }), l.a(latent))), repeatInterleave(skip, { repeats: 2 }))`,
  ],
  "two levels and their skips": [
    `{ name: "image", channels: 3 }`,
    `a: conv2d({ in: 3, out: 8, stride: 2 }), b: conv2d({ in: 8, out: 8, stride: 2 }), c: conv2d({ in: 16, out: 3 })`,
    `(image: Feature<3, 1>) => {
      const half = l.a(image);
      const up = l.c(concat(upsample(l.b(half), { factor: 2 }), half));
      return add(resize(up, { factor: 2, mode: "bilinear" }), image);
    }`,
  ],
  "a map that is enlarged and averaged again, between norms": [
    `{ name: "image", channels: 3 }`,
    `a: groupNorm({ channels: 8 }), b: conv2d({ in: 3, out: 8, kernel: 2, stride: 2 }), c: groupNorm({ channels: 8 })`,
    `(image: Feature<3, 1>) => l.c(avgPool2d(upsample(l.a(l.b(image)), { factor: 4 }), { size: 4 }))`,
  ],
} as const;

const meetingModel = ([inputs, members, body]: readonly [string, string, string]): string => `import {
  add, asMap, avgPool2d, block, concat, conv2d, convTranspose2d, groupNorm, layers, linear, mul, network, pixelShuffle, repeatInterleave, resize, upsample,
  type Feature, type Vector,
} from "litevae/dsl";

const Meeting = block("Meeting", () => {
  const l = layers({ ${members} });
  return ${body};
});

export default network({ inputs: [${inputs}], block: Meeting() });
`;

/** A model's graphs as compile writes them with --external-data, in `folder`; the files with their weights are left out. */
async function graphsWithoutWeights(model: Model, parts: readonly string[]): Promise<readonly string[]> {
  const silent = (): void => undefined;
  const { files } = await compileModel(model, {
    parts,
    targets: [{ target: onnx, options: optionsOf(onnx, { externalData: true }) }],
    resources: nodeResources(silent),
    seed: 0,
    version: "0",
    progress: silent,
    note: silent,
  });
  const graphs = files.filter(({ name }) => name.endsWith(".onnx"));
  for (const { name, pieces } of graphs)
    write(folder, { [`unweighted-${name}`]: Buffer.concat([...pieces()].map((piece) => Buffer.from(piece))) });
  return graphs.map(({ name }) => `unweighted-${name}`);
}

describe("graphs", () => {
  test("of every operator set pass onnx's checker and compute the same in onnxruntime", async () => {
    const folders = ["18", "19", "20", "21"].map((opset) => `opset-${opset}`);
    for (const out of folders) await compile("mini.ts", out, "--opset", out.slice(-2), ...allParts);
    expect(ask("versions", ...folders)).toEqual([
      [8, 18],
      [9, 19],
      [9, 20],
      [10, 21],
    ]);
  });

  test("say what they are", async () => {
    await compile("mini.ts", "described", ...allParts, "--seed", "5");
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

  // Sizes are of no matter to it, and the tool takes minutes for large graphs: parts of each form, and narrow.
  test("go through onnxruntime's symbolic shape inference and preparation for quantising, merging nothing", async () => {
    write(folder, { "forms.ts": formsModel });
    for (const name of ["mini", "forms"]) await compile(`${name}.ts`, `inferred-${name}`);
    const graphs = ["mini", "forms"].flatMap((name) => [`inferred-${name}/encoder.onnx`, `inferred-${name}/decoder.onnx`]);
    expect(ask("symbolic_shapes", ...graphs)).toEqual(Object.fromEntries(graphs.map((graph) => [graph, "inferred"])));
    expect(ask("preprocessed", "inferred-mini/decoder.onnx", "inferred-forms/decoder.onnx")).toEqual([true, true]);
  }, 180_000);

  test("go through it where maps meet whose sides have other names: skips, conditions, pools beside convolutions", async () => {
    write(folder, Object.fromEntries(Object.entries(meetings).map(([name, body]) => [`meeting-${name}.ts`, meetingModel(body)])));
    // One after the other: each runs in the folder as the process's own.
    for (const name of Object.keys(meetings)) await compile(`meeting-${name}.ts`, `meeting-${name}`, "--target", "onnx");
    await compile("mini.ts", "meeting-mini", "--parts", "discriminator");
    await compile(join(import.meta.dirname, "../../examples/inpainting.ts"), "meeting-inpainting", "--for", "cpu");
    const graphs = [
      ...Object.keys(meetings).map((name) => `meeting-${name}/network.onnx`),
      "meeting-mini/discriminator.onnx",
      "meeting-inpainting/encoder.onnx",
      "meeting-inpainting/decoder.onnx",
    ];
    expect(ask("symbolic_shapes", ...graphs)).toEqual(Object.fromEntries(graphs.map((graph) => [graph, "inferred"])));
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
    const literal = /^(?:Reshape\[1\]|ReduceMean\[1\]|Slice\[[1234]\]|Pad\[1\]|ReduceSum\[1\])$/;
    expect(uses["constant"]?.filter((use) => !literal.test(use))).toEqual([]);
  });
});
