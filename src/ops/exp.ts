import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const exp = defineOp({
  name: "exp",
  doc: "e to the power of every value.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Exp", [input])],
  precise: ["Exp"],
  saves: () => ({ outputs: true }),
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "exp"), [pyInput(inputs)]) },
});
