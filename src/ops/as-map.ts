import { ShapeError } from "../errors/index.ts";
import { constantDim } from "../ir/dim.ts";
import { defineOp } from "../ir/op.ts";
import { pyConstant, pyIndex, pyInput, pySlice } from "../ir/python.ts";
import { formatShape } from "../ir/shape.ts";

export const asMap = defineOp({
  name: "asMap",
  doc: "A vector as a feature map of one position: [N, C] becomes [N, C, 1, 1].",
  infer([input]) {
    if (input.length === 2) return [[...input, constantDim(1), constantDim(1)]];
    throw new ShapeError("a vector is needed here", {
      expected: "[N, C]",
      found: formatShape(input),
      help: "pass a vector: globalPool makes one of a feature map",
    });
  },
  onnx: (writer, [input]) => [writer.node("Unsqueeze", [input, writer.ints("axes_2_3", [2, 3])])],
  view: true,
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs) => pyIndex(pyInput(inputs), pySlice(), pySlice(), pyConstant(null), pyConstant(null)),
  },
  sample: (choose) => ({ attrs: {}, inputs: [[choose.int(1, 3), choose.int(1, 5)]] }),
});
