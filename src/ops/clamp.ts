import { defineOp } from "../ir/op.ts";
import { pyAttribute, pyCall, pyInput } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const clamp = defineOp({
  name: "clamp",
  doc: "Limits every value to [min, max].",
  attributes: {
    min: { kind: "number", atMost: "max", doc: "The least value." },
    max: { kind: "number", doc: "The greatest value." },
  },
  infer: ([input]) => [input],
  onnx: (writer, [input], { min, max }) => [
    writer.node("Clip", [input, writer.constant(`limit_${min}`, [], [min]), writer.constant(`limit_${max}`, [], [max])]),
  ],
  reach: () => "place",
  torch: { kind: "function", call: (inputs, { min, max }) => pyCall(pyAttribute(pyInput(inputs), "clamp"), [min, max]) },
  sample: (choose) => ({ attrs: { min: -0.5, max: choose.pick([0, 0.75]) }, inputs: [anyShape(choose)] }),
});
