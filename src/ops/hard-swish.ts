import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const hardSwish = defineOp({
  name: "hardSwish",
  doc: "x · relu6(x + 3)/6 (Howard et al. 2019).",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("HardSwish", [input])],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "hardswish"), [pyInput(inputs)]) },
});
