import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const mish = defineOp({
  name: "mish",
  doc: "x · tanh(softplus(x)) (Misra 2019).",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Mish", [input])],
  precise: ["Mish"],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "mish"), [pyInput(inputs)]) },
});
