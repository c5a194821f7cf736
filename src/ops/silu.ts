import { defineOp } from "../ir/op.ts";
import { anyShape } from "./samples.ts";

export const silu = defineOp({
  name: "silu",
  doc: "SiLU, x·sigmoid(x); onnxruntime fuses the pair.",
  infer: ([input = []]) => [input],
  onnx: (writer, [input]) => [writer.node("Mul", [input, writer.node("Sigmoid", [input])])],
  torch: { kind: "function", call: ([input = ""]) => `F.silu(${input})` },
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});
