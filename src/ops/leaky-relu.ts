import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const leakyRelu = defineOp({
  name: "leakyRelu",
  doc: "Leaky rectified linear unit: negative values times the slope.",
  attributes: {
    slope: { kind: "number", default: 0.2, doc: "Factor of negative values." },
  },
  infer: ([input]) => [input],
  onnx: (writer, [input], { slope }) => [writer.node("LeakyRelu", [input], { alpha: { float: slope } })],
  reach: () => "place",
  torch: { kind: "function", call: (inputs, { slope }) => pyCall(pySymbol("F", "leaky_relu"), [pyInput(inputs), slope]) },
  sample: (choose) => ({ attrs: { slope: choose.pick([0.2, 0.01]) }, inputs: [anyShape(choose)] }),
});
