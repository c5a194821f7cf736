import { defineOp } from "../ir/op.ts";
import { pyBinary, pyInput } from "../ir/python.ts";
import { elementwise, positive } from "./elementwise.ts";
import { anyShape } from "./samples.ts";

export const pow = defineOp({
  name: "pow",
  doc: "Every value to the power of a constant.",
  attributes: {
    exponent: { kind: "number", doc: "The power. One that is no whole number wants values above 0." },
  },
  infer: elementwise.infer,
  onnx: (writer, [input], { exponent }) => [writer.node("Pow", [input, writer.constant(`exponent_${exponent}`, [], [exponent])])],
  precise: ["Pow"],
  domain: positive,
  reach: () => "place",
  torch: { kind: "function", call: (inputs, { exponent }) => pyBinary("**", pyInput(inputs), exponent) },
  sample: (choose) => ({ attrs: { exponent: choose.pick([2, 3, 0.5, -1.5]) }, inputs: [anyShape(choose)] }),
});
