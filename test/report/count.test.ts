import { expect, test } from "vitest";
import { litevae } from "../../dsl/index.ts";
import { builtIns } from "../../dsl/models/index.ts";
import yolov10n from "../../examples/yolov10n.ts";
import yolov10nInference from "../../examples/yolov10n-inference.ts";
import { nonEmpty } from "../../src/errors/must.ts";
import { inputsOf } from "../../src/ir/op.ts";
import type { Model, Part, Value } from "../../src/ir/model.ts";
import { evaluateShape } from "../../src/ir/shape.ts";
import { modulesOf, partOf, stepsOf } from "../../src/ir/walk.ts";
import { countModel, countPart, flopsOf, type ModuleCounts, type PartCounts } from "../../src/report/count.ts";
import { builtIn } from "../support/built-ins.ts";
import { tiny } from "./tiny.ts";

function counted(model: Model, part: string, size = 256): PartCounts {
  return countPart(partOf(model, part)!, size, size);
}

function* everyModule(modules: readonly ModuleCounts[]): Generator<ModuleCounts> {
  for (const module of modules) {
    yield module;
    yield* everyModule(module.children);
  }
}

// litevae.md §3: parameters and GMAC at 256² with 12 latent channels (SD-VAE with 4).
test.each([
  ["s", 1_038_012, "5.758"],
  ["b", 6_755_260, "37.837"],
  ["m", 32_754_748, "223.990"],
  ["l", 41_431_612, "232.865"],
  ["sd-vae", 34_163_592, "136.361"],
])("the encoder of %s has %i parameters and %s GMAC at 256²", (name, params, gmac) => {
  const encoder = counted(builtIn(name), "encoder");
  expect(encoder.params).toBe(params);
  expect((encoder.macs / 1e9).toFixed(3)).toBe(gmac);
  expect(flopsOf(encoder)).toBe(2 * encoder.macs);
});

test.each([
  ["s", 1_035_692],
  ["b", 6_750_636],
  ["m", 32_750_124],
  ["l", 41_422_380],
])("the encoder of %s has %i parameters with 4 latent channels", (name, params) => {
  expect(counted(builtIn(name, 4), "encoder").params).toBe(params);
});

test.each([
  ["b", 12, 49_527_043],
  ["sd-vae", 4, 49_490_179],
  ["b-smc", 4, 48_427_423],
  ["b-smc", 12, 48_464_287],
])("the decoder of %s with %i latent channels has %i parameters", (name, latentChannels, params) => {
  expect(counted(builtIn(name, latentChannels), "decoder").params).toBe(params);
});

// test/reference_tests/test_counts.py says where they are published.
test.each([
  ["yolov10n", yolov10n, 2_775_520, "8.627"],
  ["yolov10n-inference", yolov10nInference, 2_310_624, "6.758"],
])("%s, a network whose block has an empty path, has %i parameters and %s GFLOPs at 640²", (_name, model, params, gflops) => {
  const network = counted(model, "network", 640);
  expect(network.params).toBe(params);
  expect((flopsOf(network) / 1e9).toFixed(3)).toBe(gflops);
  expect(network.modules.map(({ path, macs }) => [path, macs])).toEqual([["", network.macs]]);
});

test.each([
  [{ kind: "unet" } as const, 11_020_674],
  [{ kind: "unet", channels: 16 } as const, 2_757_058],
  [{ kind: "patchgan" } as const, 2_765_633],
])("buffers are left out of the count: a discriminator %o has %i parameters", (discriminator, params) => {
  expect(counted(litevae({ variant: "S", discriminator }), "discriminator").params).toBe(params);
});

test("the kinds, shapes and figures of a tiny encoder are those counted by hand", () => {
  const encoder = counted(tiny(), "encoder", 4);
  const rows = [...everyModule(encoder.modules)].map(({ path, kind, outputs, params, macs }) => [
    path,
    kind,
    outputs,
    params,
    macs,
  ]);
  expect(rows).toEqual([
    ["encoder", "TinyEncoder", [[1, 2, 2, 2]], 112 + 148 + 10, 432 + 576 + 32],
    ["encoder.conv_in", "conv2d", [[1, 4, 2, 2]], 3 * 4 * 9 + 4, 4 * 2 * 2 * 3 * 9],
    ["encoder.res", "TinyBlock", [[1, 4, 2, 2]], 4 * 4 * 9 + 4, 4 * 2 * 2 * 4 * 9],
    ["encoder.res.conv", "conv2d", [[1, 4, 2, 2]], 4 * 4 * 9 + 4, 4 * 2 * 2 * 4 * 9],
    ["encoder.conv_out", "conv2d", [[1, 2, 2, 2]], 4 * 2 + 2, 2 * 2 * 2 * 4],
  ]);
  expect(encoder.outputs).toEqual({ mean: [1, 1, 2, 2], logvar: [1, 1, 2, 2] });
});

test("a module that is called twice counts its parameters once and its MACs twice", () => {
  const [once, twice] = [counted(tiny(), "encoder", 4), counted(tiny({ repeat: 2 }), "encoder", 4)];
  expect(twice.params).toBe(once.params);
  expect(twice.macs).toBe(once.macs + 576);
  const conv = [...everyModule(twice.modules)].find(({ path }) => path === "encoder.res.conv");
  expect(conv).toMatchObject({ calls: 2, params: 148, macs: 2 * 576, outputs: [[1, 4, 2, 2]] });
});

/** The MACs of the functions that a module's body applies itself, such as attention. */
function functionMacs(part: Part, path: string, size: number): number {
  const sizes = { N: 1, H: size, W: size };
  let macs = 0;
  for (const { node } of stepsOf(part.graph)) {
    if (node.layer !== undefined || node.scope !== path) continue;
    const evaluated = (values: readonly Value[]): readonly (readonly number[])[] =>
      values.map(({ shape }) => evaluateShape(shape, sizes));
    macs +=
      node.op.macs?.(inputsOf(node.op, evaluated(node.inputs)), nonEmpty(evaluated(node.outputs), "an output"), node.attrs) ?? 0;
  }
  return macs;
}

test.each(Object.keys(builtIns))("the rows of %s sum to the totals of their modules and parts", (name) => {
  const model = builtIn(name);
  for (const part of model.parts) {
    const counts = countPart(part, 256, 256);
    const modules = [...everyModule(counts.modules)];
    expect(modules.map(({ path }) => path)).toEqual([...modulesOf(part.modules)].map(({ path }) => path));
    const sums = (children: readonly ModuleCounts[]): { params: number; macs: number; most: number } => ({
      params: children.reduce((sum, { params }) => sum + params, 0),
      macs: children.reduce((sum, { macs }) => sum + macs, 0),
      most: Math.max(0, ...children.map(({ activationBytes }) => activationBytes ?? 0)),
    });
    for (const module of modules.filter(({ children }) => children.length > 0)) {
      const { params, macs, most } = sums(module.children);
      expect(module.params).toBe(params);
      expect(module.macs).toBe(macs + functionMacs(part, module.path, 256));
      expect(module.activationBytes).toBeGreaterThanOrEqual(most);
    }
    const { params, macs, most } = sums(counts.modules);
    expect(counts).toMatchObject({ params, macs });
    expect(counts.activationBytes).toBeGreaterThanOrEqual(most);
    const parameters = [...modulesOf(part.modules)].flatMap((module) => (module.kind === "layer" ? module.params : []));
    const trained = parameters.filter(({ buffer }) => buffer !== true);
    expect(counts.params).toBe(trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
  }
});

test("a discriminator that the size does not fit is null, with a note, and holds up nothing else", () => {
  const counts = countModel(tiny({ discriminator: true }), 6);
  expect(counts.parts.discriminator).toBeNull();
  expect(counts.parts.encoder).toMatchObject({ params: 270 });
  expect(counts.notes).toEqual([
    {
      what: "the discriminator is not measured: 6 does not fit tiny: H/4 is not whole",
      module: "discriminator",
      expected: "a height that is a multiple of 4",
      found: "H/4 = 1.5",
      help: "use 4 or 8",
    },
  ]);
  expect(countModel(tiny({ discriminator: true }), 8).notes).toEqual([]);
});

test("a model without a discriminator has no entry for it", () => {
  expect(Object.keys(countModel(tiny(), 4).parts)).toEqual(["encoder", "decoder"]);
});

test("what cannot be counted exactly is refused", () => {
  expect(() => countModel(builtIn("nano"), 800_000)).toThrow(
    "the encoder of nano at 800000×800000 has more MACs than can be counted exactly",
  );
  expect(() => countModel(builtIn("nano"), 8192)).not.toThrow();
});

test("an encoder that the size does not fit is refused", () => {
  expect(() => countModel(builtIn("b"), 250)).toThrow("250 does not fit b: H/8 is not whole");
});
