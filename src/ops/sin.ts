import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const sin = defineOp({
  name: "sin",
  doc: "Sine.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Sin", [input])],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "sin"), [pyInput(inputs)]) },
});
