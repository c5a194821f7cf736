import { defineOp } from "../ir/op.ts";
import { anyShape } from "./samples.ts";

export const tanh = defineOp({
  name: "tanh",
  doc: "Hyperbolic tangent.",
  infer: ([input = []]) => [input],
  onnx: (writer, [input]) => [writer.node("Tanh", [input])],
  torch: { kind: "function", call: ([input = ""]) => `torch.tanh(${input})` },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
