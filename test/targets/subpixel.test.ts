import { describe, expect, it } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { symbolDim, timesDim } from "../../src/ir/dim.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { audiences } from "../../src/targets/onnx/audience.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";
import { partOf } from "../../src/ir/walk.ts";
import { runPasses } from "../../src/passes/index.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "../../src/targets/onnx/graph.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { runGraphPasses, subpixel } from "../../src/targets/onnx/passes/index.ts";

function float(name: string, dims: readonly number[], values: readonly number[]): OnnxInitializer {
  return { name, dims, dtype: "float32", load: () => new Uint8Array(Float32Array.from(values).buffer) };
}

const doubled = shapeOf("N", 1, timesDim(symbolDim("H"), 2), timesDim(symbolDim("W"), 2));

/** x [N, 1, H, W] → Resize ×2 → 3×3 convolution with the given changes. */
function graph(
  change: { conv?: Partial<OnnxNode["attrs"]>; scales?: readonly number[]; resizeIsOutput?: boolean } = {},
): OnnxGraph {
  const resize = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  const conv = { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], group: 1, ...change.conv } as OnnxNode["attrs"];
  return {
    name: "test",
    doc: "",
    opset: 18,
    samples: [
      { N: 2, H: 3, W: 4 },
      { N: 3, H: 5, W: 6 },
    ],
    nodes: [
      { name: "up", type: "Resize", inputs: ["x", "", "scales"], outputs: ["wide"], attrs: resize },
      { name: "conv", type: "Conv", inputs: ["wide", "conv.weight"], outputs: ["y"], attrs: conv },
    ],
    inputs: [{ name: "x", dims: shapeOf("N", 1, "H", "W") }],
    outputs: [{ name: "y", dims: doubled }, ...(change.resizeIsOutput ? [{ name: "wide", dims: doubled }] : [])],
    values: [{ name: "wide", dims: doubled }],
    initializers: [
      float("scales", [4], change.scales ?? [1, 1, 2, 2]),
      float("conv.weight", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
  };
}

const types = ({ nodes }: OnnxGraph): readonly string[] => nodes.map((node) => node.type);

describe("nearest ×2 and a 3×3 convolution", () => {
  it("become four 2×2 convolutions whose weights are sums of what meets one value", () => {
    const rewritten = runGraphPasses(graph(), [subpixel]);
    expect(types(rewritten)).toEqual(["Conv", "Conv", "Conv", "Conv", "Concat", "DepthToSpace"]);
    const weights = rewritten.initializers.map(({ name, load }) => [name, [...new Float32Array(load().buffer as ArrayBuffer)]]);
    expect(weights).toEqual([
      ["conv.weight@00", [1, 5, 11, 28]],
      ["conv.weight@01", [3, 3, 24, 15]],
      ["conv.weight@10", [5, 16, 7, 17]],
      ["conv.weight@11", [12, 9, 15, 9]],
    ]);
    expect(rewritten.values).toEqual([]);
    expect(rewritten.nodes.at(-1)?.outputs).toEqual(["y"]);
  });

  it.each([
    ["another scale", { scales: [1, 1, 3, 3] }],
    ["a stride", { conv: { strides: [2, 2] } }],
    ["groups", { conv: { group: 2 } }],
    ["a dilation", { conv: { dilations: [2, 2] } }],
    ["no padding", { conv: { pads: [0, 0, 0, 0] } }],
    ["an enlarged map that is used elsewhere", { resizeIsOutput: true }],
  ])("stay as they are with %s", (_, change) => {
    const before = graph(change);
    expect(subpixel.run(before)).toBe(before);
  });

  it("happen in all three upsamplings of the decoder of b-smc", () => {
    const model = builtIns["b-smc"]?.build({});
    const decoder = model && partOf(model, "decoder");
    if (decoder === undefined) throw new Error("b-smc has a decoder");
    const lowered = lowerPart(
      runPasses(decoder, onnxPasses),
      () => {
        throw new Error("lowering reads no weights");
      },
      18,
      audiences.cpu,
    );
    expect(types(lowered).filter((type) => type === "DepthToSpace")).toHaveLength(3);
    expect(types(lowered)).not.toContain("Resize");
  });
});
