import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const tanh = defineOp({
  name: "tanh",
  doc: "Hyperbolic tangent.",
  infer: ([input]) => [input],
  onnx: (writer, [input]) => [writer.node("Tanh", [input])],
  saves: () => ({ outputs: true }),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "tanh"), [pyInput(inputs)]) },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
