import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise, positive } from "./elementwise.ts";

export const log = defineOp({
  name: "log",
  doc: "Natural logarithm.",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("Log", [input])],
  precise: ["Log"],
  domain: positive,
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "log"), [pyInput(inputs)]) },
});
