import { ShapeError } from "../errors/index.ts";
import { areaDim, constantDim } from "../ir/dim.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { formatShape } from "../ir/shape.ts";
import { featureDims } from "./rules.ts";

export const tokens = defineOp({
  name: "tokens",
  doc: "A map as the sequence of its positions, row by row: [N, C, H, W] becomes [N, C, H·W]. A vector is a sequence of one.",
  infer([input]) {
    if (input.length === 2) return [[...input, constantDim(1)]];
    const [n, c, h, w] = featureDims(input);
    const area = areaDim(h, w);
    if (area !== undefined) return [[n, c, area]];
    throw new ShapeError("the positions of this map cannot be counted in H·W", {
      expected: "sides that are a multiple or a part of the image's, such as H/8",
      found: formatShape(input),
      help: "give the convolutions before it a padding with which they keep or divide the sides",
    });
  },
  view: true,
  onnx: (writer, [input]) => [writer.node("Reshape", [input, writer.ints("as_tokens", [0, 0, -1])])],
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("layers", "tokens"), inputs) },
  sample(choose) {
    const sides = choose.pick([[choose.int(1, 5), choose.int(1, 5)], []]);
    return { attrs: {}, inputs: [[choose.int(1, 3), choose.int(1, 5), ...sides]] };
  },
});
