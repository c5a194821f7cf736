import { defineOp } from "../ir/op.ts";
import { pyBinary, pyInput } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const scale = defineOp({
  name: "scale",
  doc: "Multiplication by a constant.",
  attributes: {
    factor: { kind: "number", doc: "What every value is multiplied by." },
  },
  infer: ([input]) => [input],
  onnx: (writer, [input], { factor }) => [writer.node("Mul", [input, writer.constant(`factor_${factor}`, [], [factor])])],
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs, { factor }) => pyBinary("*", pyInput(inputs), factor) },
  sample: (choose) => ({ attrs: { factor: choose.pick([0.5, 2, -1.25]) }, inputs: [anyShape(choose)] }),
});
