import { defineOp } from "../ir/op.ts";
import { anyShape } from "./samples.ts";

export const sigmoid = defineOp({
  name: "sigmoid",
  doc: "Logistic sigmoid.",
  infer: ([input = []]) => [input],
  onnx: (writer, [input]) => [writer.node("Sigmoid", [input])],
  torch: { kind: "function", call: ([input = ""]) => `torch.sigmoid(${input})` },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
