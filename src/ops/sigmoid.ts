import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const sigmoid = defineOp({
  name: "sigmoid",
  doc: "Logistic sigmoid.",
  infer: ([input]) => [input],
  onnx: (writer, [input]) => [writer.node("Sigmoid", [input])],
  saves: () => ({ outputs: true }),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "sigmoid"), [pyInput(inputs)]) },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
