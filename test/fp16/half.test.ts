/** The rewriting of graphs to float16, node by node, whatever calibration would say. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, attention, block, clamp, conv2d, groupNorm, layers, model, silu, upsample, type Feature } from "litevae/dsl";
import type { Param, Part } from "../../src/ir/model.ts";
import type { Op } from "../../src/ir/op.ts";
import { partOf } from "../../src/ir/walk.ts";
import { floats, type Tensor } from "../../src/ir/tensor.ts";
import { ops } from "../../src/ops/index.ts";
import type { OnnxGraph } from "../../src/targets/onnx/graph.ts";
import { fitsHalf, half, rounded, runGraphPasses } from "../../src/targets/onnx/passes/index.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { checkHalf } from "../../src/op-test/check-half.ts";
import { encodeGraph, graphOf, runOnnx } from "../../src/op-test/run-onnx.ts";
import { drawn, randomOf, randomTensor, seeds } from "../support/random.ts";

type Tensors = Readonly<Record<string, Tensor>>;

const lower = (part: Part, load: (param: Param) => Tensor): OnnxGraph => graphOf(part, load, 18);

function run(graph: OnnxGraph, inputs: Tensors): Promise<Tensors> {
  return runOnnx(encodeGraph(graph, 18), inputs);
}

function expectNear(found: Tensors, expected: Tensors, tolerance: number): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [name, tensor] of Object.entries(expected)) {
    const [values, others] = [floats(tensor), floats(found[name] as Tensor)];
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
    const worst = values.reduce((max, value, i) => Math.max(max, Math.abs(value - (others[i] ?? NaN))), 0);
    expect(worst / largest, name).toBeLessThan(tolerance);
  }
}

/** The float16 graph as it is, and with its rounding, against float32. */
async function expectClose(graph: OnnxGraph, halved: OnnxGraph, inputs: Tensors): Promise<void> {
  const expected = await run(graph, inputs);
  expectNear(await run(halved, inputs), expected, 1e-2);
  expectNear(await run(runGraphPasses(halved, [rounded]), inputs), expected, 1e-2);
}

/** The graph in float16 but for the nodes of these names. */
function halved(graph: OnnxGraph, float32: Iterable<string>): OnnxGraph {
  return runGraphPasses(graph, [half(new Set(float32))]);
}

describe("every op in float16 loads and is near to float32", () => {
  const all: readonly (readonly [string, Op])[] = Object.entries(ops).map(([name, op]) => [name, op]);
  const everyOp = all.filter(([, op]) => op.torchOnly === undefined);
  test.each(everyOp)("%s", async (_, op) => {
    const use = drawn((choose) => op.sample(choose));
    await fc.assert(
      fc.asyncProperty(use, seeds, (one, seed) => checkHalf(op, one, seed)),
      { numRuns: 5 },
    );
  });
});

/** Has what makes edges hard: a layer used twice, a value used by many and returned too, outputs from each other, shapes read from values. */
const Encoder = block("Encoder", () => {
  const { down, shared, norm, out } = layers({
    down: conv2d({ in: 3, out: 8, kernel: 2, stride: 2, padding: 0 }),
    shared: conv2d({ in: 8, out: 8 }),
    norm: groupNorm({ channels: 8 }),
    out: conv2d({ in: 8, out: 8 }),
  });
  return (x: Feature<3, 1>): Feature<8, 2> => {
    const y = shared(silu(norm(down(x))));
    const z = add(shared(attention(y, y, y)), clamp(y, { min: -1, max: 1 }));
    return out(add(z, y));
  };
});
const Decoder = block("Decoder", () => {
  const { conv, out } = layers({ conv: conv2d({ in: 4, out: 8 }), out: conv2d({ in: 8, out: 3 }) });
  return (z: Feature<4, 2>): Feature<3, 1> => out(upsample(silu(conv(z)), { factor: 2 }));
});
const mixed = model({ name: "mixed", latentChannels: 4, encoder: Encoder(), decoder: Decoder() });

describe("any choice of float32 nodes", () => {
  const weights = initialWeights(mixed.parts, 3);
  const [encoder, decoder] = (["encoder", "decoder"] as const).map((name) =>
    lower(partOf(mixed, name) as Part, (param) => weights.load(param)),
  ) as [OnnxGraph, OnnxGraph];
  const image = { image: randomTensor([2, 3, 8, 6], randomOf(1)) };

  test("gives a graph that runs and is near", async () => {
    const names = encoder.nodes.map((node) => node.name);
    await fc.assert(
      fc.asyncProperty(fc.subarray(names), (float32) => expectClose(encoder, halved(encoder, float32), image)),
      { numRuns: 40 },
    );
  });
  test("all of them: the graph itself", () => {
    for (const graph of [encoder, decoder]) {
      const same = halved(
        graph,
        graph.nodes.map((node) => node.name),
      );
      expect([same.nodes, same.initializers]).toEqual([graph.nodes, graph.initializers]);
    }
  });
  test("none: a cast for each input and output, and weights that are all float16", () => {
    const graph = halved(decoder, []);
    const casts = graph.nodes.filter((node) => node.type === "Cast");
    expect(casts.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [["latent"], ["latent/float16"]],
      [["image/float16"], ["image"]],
    ]);
    // ONNX's schema wants float32 for the factors of a Resize.
    const factors = new Set(graph.nodes.flatMap(({ type, inputs }) => (type === "Resize" ? inputs.slice(2, 3) : [])));
    const weights = graph.initializers.filter(({ name }) => !factors.has(name));
    expect(new Set(weights.map(({ dtype }) => dtype))).toEqual(new Set(["float16"]));
  });
  test("a weight that both kinds use is there twice, under its name and a second one", () => {
    const shared = encoder.nodes.filter((node) => node.inputs.includes("encoder.shared.weight"));
    expect(shared.length).toBe(2);
    const graph = halved(encoder, [shared[1]!.name]);
    const stored = graph.initializers.filter(({ name }) => name.startsWith("encoder.shared.weight"));
    expect(stored.map(({ name, dtype }) => [name, dtype])).toEqual([
      ["encoder.shared.weight", "float16"],
      ["encoder.shared.weight@float32", "float32"],
    ]);
  });
  test("a value is cast once, however many use it", () => {
    const convolutions = encoder.nodes.filter((node) => node.type === "Conv").map((node) => node.name);
    const graph = halved(encoder, convolutions);
    const cast = graph.nodes
      .filter((node) => node.type === "Cast")
      .map((node) => `${node.inputs[0]} ${node.attrs["to"] as number}`);
    expect(new Set(cast).size).toBe(cast.length);
  });
});

describe("the range of float16", () => {
  test.each([
    [0, true],
    [1, true],
    [16376, true],
    [16377, false],
    [1e-3, true],
    [9e-4, false],
    [Infinity, false],
    [NaN, false],
  ])("%d: %s", (magnitude, fits) => {
    expect(fitsHalf(magnitude)).toBe(fits);
  });
});
