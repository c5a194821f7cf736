import { constantDim } from "../ir/dim.ts";
import { defineOp, inputsOf, type Init } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { tensorOf } from "../ir/tensor.ts";

export const parameter = defineOp({
  name: "parameter",
  doc: "A learned tensor of its own, such as the scale of a layer or a code book. It is read by calling it with nothing.",
  attributes: {
    shape: {
      kind: "counts",
      lengths: { min: 1, max: 4 },
      doc: "Its sizes: [C, 1, 1] is a number per channel of a map, [C] of a vector, [1] a single one.",
    },
    init: {
      kind: "number",
      default: 0,
      doc: "The value at first; of a normal distribution the deviation, of a uniform one the bound, of arange the step.",
    },
    distribution: {
      kind: "choice",
      choices: ["constant", "normal", "uniform", "arange"],
      default: "constant",
      doc: "How values are drawn at first; arange counts 0, init, 2·init, … in the order in which they are stored.",
    },
  },
  source: true,
  params: ({ shape, init, distribution }) => [{ role: "", shape, init: initOf(distribution, init, shape) }],
  infer: (_, { shape }) => [shape.map(constantDim)],
  onnx: (writer) => [writer.param("")],
  saves: () => ({}),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "parameter"),
    args: [{ attr: "shape" }, { attr: "init", omit: 0 }, { attr: "distribution", keyword: "distribution", omit: "constant" }],
    read: true,
  },
  sample(choose) {
    const c = choose.int(1, 5);
    const shape = choose.pick([[c], [c, 1, 1], [1, c, 1, 1]]);
    const distribution = choose.pick(["constant", "normal", "uniform", "arange"] as const);
    return {
      attrs: { shape, init: choose.pick([1, 0.5]), distribution },
      inputs: inputsOf({ name: "parameter", source: true }, []),
    };
  },
});

function initOf(distribution: "constant" | "normal" | "uniform" | "arange", init: number, shape: readonly number[]): Init {
  switch (distribution) {
    case "constant":
      return { kind: "constant", value: init };
    case "normal":
      return { kind: "normal", deviation: Math.abs(init) };
    case "uniform":
      return { kind: "uniform", bound: Math.abs(init) };
    case "arange":
      return {
        kind: "computed",
        compute: () =>
          tensorOf(
            shape,
            Float32Array.from({ length: elementCount(shape) }, (_, i) => i * init),
          ),
      };
  }
}
