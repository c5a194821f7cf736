import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const roundSte = defineOp({
  name: "roundSte",
  doc: "The nearest whole number, halves to even, with the gradient of its input (straight-through estimator, Bengio et al. 2013).",
  infer: elementwise.infer,
  onnx: (writer, [input]) => [writer.node("Round", [input])],
  // A float16 input near the middle of two whole numbers is another one's.
  precise: ["Round"],
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("layers", "round_ste"), [pyInput(inputs)]) },
  sample: elementwise.sample,
});
