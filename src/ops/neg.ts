import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const neg = defineOp({
  name: "neg",
  doc: "Every value with the other sign.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Neg", [input])],
  saves: () => ({}),
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "neg"), [pyInput(inputs)]) },
});
