import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise, positive } from "./elementwise.ts";

export const sqrt = defineOp({
  name: "sqrt",
  doc: "Square root.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Sqrt", [input])],
  domain: positive,
  saves: () => ({ outputs: true }),
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "sqrt"), [pyInput(inputs)]) },
});
