import { defineOp } from "../ir/op.ts";
import { anyShape } from "./samples.ts";

export const relu = defineOp({
  name: "relu",
  doc: "Rectified linear unit.",
  infer: ([input = []]) => [input],
  onnx: (writer, [input]) => [writer.node("Relu", [input])],
  torch: { kind: "function", call: ([input = ""]) => `F.relu(${input})` },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
