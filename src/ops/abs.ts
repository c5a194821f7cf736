import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const abs = defineOp({
  name: "abs",
  doc: "Absolute value.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Abs", [input])],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "abs"), [pyInput(inputs)]) },
});
