/** What the verifier of ONNX graphs refuses, in its own words, and that a pass is named that breaks a graph or its own promise. */
import { describe, expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { shapeOf, type Shape } from "../../src/ir/shape.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "../../src/targets/onnx/graph.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";
import { half, maxima, runGraphPasses, subpixel, type GraphPass } from "../../src/targets/onnx/passes/index.ts";
import { verifyOnnx } from "../../src/targets/onnx/verify.ts";
import { runPasses } from "../../src/passes/index.ts";
import { initialWeights } from "../../src/weights/weights.ts";

const float = (name: string, dims: readonly number[]): OnnxInitializer => ({
  name,
  dims,
  dtype: "float32",
  load: () => {
    throw new Error("weights are not read");
  },
});
const image = shapeOf("N", 3, "H", "W");
const conv: OnnxNode = { name: "conv", type: "Conv", inputs: ["x", "weight"], outputs: ["a"], attrs: { pads: [1, 1, 1, 1] } };
const add: OnnxNode = { name: "add", type: "Add", inputs: ["a", "x"], outputs: ["y"], attrs: {} };

/** x → a 3×3 convolution → the sum of both. */
const whole: OnnxGraph = {
  name: "encoder",
  doc: "",
  opset: 18,
  samples: [
    { N: 2, H: 3, W: 4 },
    { N: 3, H: 5, W: 6 },
  ],
  nodes: [conv, add],
  inputs: [{ name: "x", dims: image }],
  outputs: [{ name: "y", dims: image }],
  values: [{ name: "a", dims: image }],
  initializers: [float("weight", [3, 3, 3, 3])],
};
const withConv = (change: Partial<OnnxNode>): OnnxGraph => ({ ...whole, nodes: [{ ...conv, ...change }, add] });
const withAdd = (change: Partial<OnnxNode>): OnnxGraph => ({ ...whole, nodes: [conv, { ...add, ...change }] });
const declared = (dims: Shape): OnnxGraph => ({ ...whole, values: [{ name: "a", dims }] });

test("a whole graph passes, in every operator set", () => {
  for (const opset of [18, 19, 20, 21]) verifyOnnx({ ...whole, opset });
});

test.each<readonly [string, OnnxGraph]>([
  ["operator set 17 is not ours", { ...whole, opset: 17 }],
  ["conv takes nowhere, which nothing before it defines", withConv({ inputs: ["x", "nowhere"] })],
  ["add takes a, which nothing before it defines", { ...whole, nodes: [add, conv] }],
  ["conv defines x, which is there already", withConv({ outputs: ["x"] })],
  ["conv defines a tensor without a name", withConv({ outputs: [""] })],
  ["two nodes are called conv", withAdd({ name: "conv" })],
  [
    "an initializer defines weight, which is there already",
    { ...whole, initializers: [...whole.initializers, float("weight", [1])] },
  ],
  ["nothing uses idle", { ...whole, initializers: [...whole.initializers, float("idle", [1])] }],
  ["nothing uses what conv gives", withAdd({ inputs: ["x", "x"] })],
  ["z is declared, and no node gives it", { ...whole, outputs: [{ name: "z", dims: image }] }],
  ["x is declared, and no node gives it", { ...whole, outputs: [{ name: "x", dims: image }] }],
  ["a is declared twice", { ...whole, values: [...whole.values, ...whole.values] }],
  ["the operator Conw of conv in operator set 18 is missing", withConv({ type: "Conw" as "Conv" })],
  ["conv lacks the input W of Conv", withConv({ inputs: ["x"] })],
  ["conv lacks the input X of Conv", withConv({ inputs: ["", "weight"] })],
  ["add gives Add 3 inputs", withAdd({ inputs: ["a", "x", "x"] })],
  ["conv wants 2 outputs of Conv", withConv({ outputs: ["a", "b"] })],
  ["conv has padding, which is no attribute of Conv", withConv({ attrs: { padding: 1 } })],
  ["conv has int for pads of Conv, which is ints", withConv({ attrs: { pads: 1 } })],
  ["conv lacks the attribute axis of Concat", withConv({ type: "Concat", attrs: {} })],
  ["conv gives Conv float32 for W", { ...whole, inputs: [{ name: "x", dims: image, dtype: "float16" }] }],
  ["y is declared float16 and is float32", { ...whole, outputs: [{ name: "y", dims: image, dtype: "float16" }] }],
  ["a is declared [2, 4, 3, 4] where [2, 3, 3, 4] follows", declared(shapeOf("N", 4, "H", "W"))],
  ["a is declared [2, 3, 4, 3] where [2, 3, 3, 4] follows", declared(shapeOf("N", 3, "W", "H"))],
  [
    "conv cannot apply Conv to [2, 3, 3, 4], [3, 5, 3, 3]: 5 channels where 3 are needed",
    { ...whole, initializers: [float("weight", [3, 5, 3, 3])] },
  ],
  ["a is declared [2, 3, 3, 4] where [2, 3, 1, 2] follows", withConv({ attrs: {} })],
  ["add cannot apply Add to [2, 3, 1, 2], [2, 3, 3, 4]: sizes 2 and 4 meet", { ...withConv({ attrs: {} }), values: [] }],
])("%s", (message, graph) => {
  expect(() => verifyOnnx(graph)).toThrow(`the ONNX graph of the encoder is broken: ${message}`);
});

test("operators are those of the operator set: Cast has saturate from 19 on", () => {
  const cast: OnnxNode = { name: "cast", type: "Cast", inputs: ["x"], outputs: ["y"], attrs: { to: 1, saturate: 1 } };
  const graph = { ...whole, nodes: [cast], values: [], initializers: [] };
  expect(() => verifyOnnx(graph)).toThrow("cast has saturate, which is no attribute of Cast");
  verifyOnnx({ ...graph, opset: 19 });
});

describe("a pass over a graph", () => {
  const pass = (change: Partial<GraphPass>): GraphPass => ({
    name: "spoil",
    doc: "",
    requires: [],
    ensures: [],
    run: (graph) => graph,
    ...change,
  });

  test("is named where it leaves a broken graph", () => {
    const spoil = pass({ run: (graph) => ({ ...graph, initializers: [] }) });
    const run = (): OnnxGraph => runGraphPasses(whole, [subpixel, spoil]);
    expect(run).toThrow("the encoder is broken after subpixel → spoil");
  });
  test("is named where it does not do what it ensures", () => {
    const lazy = (of: GraphPass): GraphPass => ({ ...of, run: (graph) => graph });
    expect(() => runGraphPasses(whole, [lazy(half(new Set()))])).toThrow(
      "the encoder is broken after half: it is not in float16 where it was asked for, conv is to compute in float16, and a is float32",
    );
    expect(() => runGraphPasses(whole, [lazy(maxima(["a"]))])).toThrow("the encoder is broken after maxima");
  });
  test("does not run where it may not", () => {
    const halved = runGraphPasses(whole, [half(new Set())]);
    expect(() => runGraphPasses(halved, [half(new Set())])).toThrow(
      /^half cannot take the encoder: it is not in float32, .* is float16$/,
    );
    expect(() => runGraphPasses(whole, [half(new Set(["none"]))])).toThrow("it has no none");
    expect(() => runGraphPasses(whole, [half(new Set()), maxima(["a"])])).toThrow("maxima cannot take the encoder after half");
  });
  test("keeps names, types and shapes of inputs and outputs", () => {
    const renamed = pass({
      ensures: subpixel.ensures,
      run: (graph) => ({
        ...graph,
        nodes: [conv, { ...add, outputs: ["z"] }],
        outputs: [{ name: "z", dims: image }],
      }),
    });
    expect(() => runGraphPasses(whole, [renamed])).toThrow("it is not called as before");
  });
});

test("a graph whose inner shapes are not described is checked at the size of the whole part", () => {
  // The discriminator's interface fits images that its pooling does not.
  const part = builtIns["nano"]!.build({}).parts.find(({ name }) => name === "discriminator")!;
  const weights = initialWeights([part], 0);
  const graph = lowerPart(runPasses(part, onnxPasses), (param) => weights.load(param), 18);
  verifyOnnx({ ...graph, values: [] });
});
