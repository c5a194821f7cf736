import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise, positive } from "./elementwise.ts";

export const rsqrt = defineOp({
  name: "rsqrt",
  doc: "1 over the square root.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Reciprocal", [writer.node("Sqrt", [input])])],
  precise: ["Sqrt", "Reciprocal"],
  domain: positive,
  saves: () => ({ outputs: true }),
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "rsqrt"), [pyInput(inputs)]) },
});
