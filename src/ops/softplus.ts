import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const softplus = defineOp({
  name: "softplus",
  doc: "log(1 + eˣ).",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Softplus", [input])],
  precise: ["Softplus"],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "softplus"), [pyInput(inputs)]) },
});
