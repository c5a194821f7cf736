import { describe, expect, test } from "vitest";
import { shapeOf } from "../../src/ir/shape.ts";
import { floats, tensorOf, type Tensor } from "../../src/ir/tensor.ts";
import type { OnnxGraph, OnnxNode } from "../../src/targets/onnx/graph.ts";
import { runGraphPasses, wholeGroups, wholeVectors } from "../../src/targets/onnx/passes/index.ts";
import { encodeModel } from "../../src/targets/onnx/serde.ts";
import { runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor } from "../support/random.ts";

interface Form {
  readonly channels: number;
  readonly out?: number;
  readonly kernel?: readonly [number, number];
  readonly group?: number;
}

/** Two convolutions of one map, whose results are added. */
function graph({ channels, out = 8, kernel = [3, 3], group = 1 }: Form): OnnxGraph {
  const random = randomOf(channels);
  const pads = [...kernel, ...kernel].map((size) => (size - 1) >> 1);
  const conv = (name: string): OnnxNode => ({
    name,
    type: "Conv",
    inputs: ["x", `${name}.weight`, "bias"],
    outputs: [`${name}:0`],
    attrs: { kernel_shape: kernel, pads, strides: [1, 1], group },
  });
  const initializer = (name: string, shape: readonly number[]): OnnxGraph["initializers"][number] => {
    const values = floats(randomTensor(shape, random));
    return { name, dims: shape, dtype: "float32", load: () => new Uint8Array(Float32Array.from(values).buffer) };
  };
  return {
    name: "test",
    doc: "",
    opset: 18,
    samples: [
      { N: 2, H: 6, W: 7 },
      { N: 3, H: 8, W: 9 },
    ],
    nodes: [conv("one"), conv("two"), { name: "add", type: "Add", inputs: ["one:0", "two:0"], outputs: ["y"], attrs: {} }],
    inputs: [{ name: "x", dims: shapeOf("N", channels, "H", "W") }],
    outputs: [{ name: "y", dims: shapeOf("N", out, "H", "W") }],
    values: [],
    initializers: [
      initializer("one.weight", [out, channels / group, ...kernel]),
      initializer("two.weight", [out, channels / group, ...kernel]),
      initializer("bias", [out]),
    ],
  };
}

const types = ({ nodes }: OnnxGraph): readonly string[] => nodes.map(({ type }) => type);

async function results(graphs: readonly OnnxGraph[], x: Tensor): Promise<readonly (readonly number[])[]> {
  const info = { irVersion: 8, producer: "litevae", producerVersion: "test", metadata: {} };
  const found = await Promise.all(graphs.map((each) => runOnnx(Buffer.concat([...encodeModel(each, info)]), { x })));
  return found.map(({ y }) => [...floats(y as Tensor)]);
}

describe("convolutions in vectors of three", () => {
  test.each([
    { channels: 6 },
    { channels: 9 },
    { channels: 15, out: 4 },
    { channels: 18, kernel: [1, 5] },
    { channels: 27, out: 12 },
  ] as Form[])("%j get channels of zeros, once for a map, and give the same", async (form) => {
    const before = graph(form);
    const after = runGraphPasses(before, [wholeVectors]);
    expect(types(after)).toEqual(["Pad", "Conv", "Conv", "Add"]);
    const wide = 4 * Math.ceil(form.channels / 4);
    expect(after.initializers.map(({ name, dims }) => [name, dims[1]])).toEqual([
      ["bias", undefined],
      [`one.weight@${wide}`, wide],
      [expect.stringMatching(/^constants\//), undefined],
      [`two.weight@${wide}`, wide],
    ]);
    const x = randomTensor([2, form.channels, 6, 7], randomOf(1));
    const [expected = [], found = []] = await results([before, after], x);
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries()) expect(Math.abs(value - (found[i] ?? NaN))).toBeLessThan(1e-6 * largest);
  });

  test("what is added is multiplied by zero: values that are not finite stay where they were", async () => {
    const before = graph({ channels: 6 });
    const x = tensorOf(
      [1, 6, 6, 7],
      Float32Array.from({ length: 6 * 42 }, (_, i) => (i === 0 ? Infinity : 1)),
    );
    const [expected = [], found = []] = await results([before, runGraphPasses(before, [wholeVectors])], x);
    expect(found.map(Number.isFinite)).toEqual(expected.map(Number.isFinite));
  });

  test.each([
    { channels: 3 },
    { channels: 4 },
    { channels: 12 },
    { channels: 10 },
    { channels: 6, out: 6 },
    { channels: 6, kernel: [1, 1] },
    { channels: 12, group: 2 },
  ] as Form[])("%j stay as they are", (form) => {
    const before = graph(form);
    expect(wholeVectors.run(before)).toBe(before);
  });
});

describe("convolutions in groups that vectors reach over", () => {
  test.each([
    [{ channels: 4, out: 12, group: 2 }, 1],
    [{ channels: 8, out: 24, group: 4 }, 2],
    [{ channels: 8, out: 20, group: 4, kernel: [1, 1] }, 1],
    [{ channels: 16, out: 40, group: 8, kernel: [1, 5] }, 2],
    [{ channels: 6, out: 30, group: 6 }, 3],
    // What becomes one group is looked at as such.
    [{ channels: 6, out: 12, group: 2 }, 1],
  ] as [Form, number][])("%j become %i, and give the same", async (form, groups) => {
    const before = graph(form);
    const after = runGraphPasses(before, [wholeGroups, wholeVectors]);
    const convs = after.nodes.filter(({ type }) => type === "Conv");
    expect(convs.map(({ attrs }) => attrs["group"])).toEqual([groups, groups]);
    expect(types(after).includes("Pad")).toBe(form.channels === 6 && groups === 1);
    const x = randomTensor([2, form.channels, 6, 7], randomOf(1));
    const [expected = [], found = []] = await results([before, after], x);
    const largest = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries()) expect(Math.abs(value - (found[i] ?? NaN))).toBeLessThan(1e-6 * largest);
  });

  test.each([
    { channels: 12, out: 12, group: 12 },
    { channels: 8, out: 16, group: 2 },
    { channels: 6, out: 18, group: 3 },
    { channels: 6, out: 15, group: 3 },
    { channels: 8, out: 12, group: 4 },
    { channels: 12, out: 24 },
  ] as Form[])("%j stay as they are", (form) => {
    const before = graph(form);
    expect(wholeGroups.run(before)).toBe(before);
  });
});
