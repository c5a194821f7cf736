import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const hardSigmoid = defineOp({
  name: "hardSigmoid",
  doc: "relu6(x + 3)/6 (Howard et al. 2019).",
  ...elementwise,
  onnx: (writer, [input]) => [writer.node("HardSigmoid", [input], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } })],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "hardsigmoid"), [pyInput(inputs)]) },
});
