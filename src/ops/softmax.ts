import { defineOp } from "../ir/op.ts";
import { pyAttribute, pyCall, pyConstant, pyInput } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const softmax = defineOp({
  name: "softmax",
  doc: "Softmax over the channels, at every position of a map or token sequence, or of a vector: values above 0 that add up to 1.",
  infer: elementwise.infer,
  onnx: (writer, [input]) => [writer.node("Softmax", [input], { axis: 1 })],
  precise: ["Softmax"],
  saves: () => ({ outputs: true }),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs) => pyCall(pyAttribute(pyInput(inputs), "softmax"), [], { dim: pyConstant(1) }),
  },
  sample: elementwise.sample,
});
