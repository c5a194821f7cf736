import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { anyShape } from "./samples.ts";

export const relu = defineOp({
  name: "relu",
  doc: "Rectified linear unit.",
  infer: ([input]) => [input],
  onnx: (writer, [input]) => [writer.node("Relu", [input])],
  saves: () => ({ outputs: true }),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "relu"), [pyInput(inputs)]) },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
