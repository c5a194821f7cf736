import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const silu = defineOp({
  name: "silu",
  doc: "SiLU, x·sigmoid(x); onnxruntime fuses the pair.",
  infer: ([input]) => [input],
  onnx: (writer, [input]) => [writer.node("Mul", [input, writer.node("Sigmoid", [input])])],
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "silu"), [pyInput(inputs)]) },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
