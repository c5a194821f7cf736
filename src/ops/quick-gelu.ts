import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";
import { elementCount } from "../ir/shape.ts";

export const quickGelu = defineOp({
  name: "quickGelu",
  doc: "x · sigmoid(1.702·x), an approximation of GELU (Hendrycks and Gimpel 2016).",
  ...elementwise,
  onnx(writer, [input]) {
    const scaled = writer.node("Mul", [input, writer.constant("quick_gelu", [], [1.702])]);
    return [writer.node("Mul", [input, writer.node("Sigmoid", [scaled])])];
  },
  // The sigmoid stands beside the input.
  saves: ([input]) => ({ inputs: true, bytes: 4 * elementCount(input) }),
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("layers", "quick_gelu"), [pyInput(inputs)]) },
});
