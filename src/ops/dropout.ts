import { defineOp } from "../ir/op.ts";
import { anyShape } from "./samples.ts";

export const dropout = defineOp<{ readonly rate: number }>({
  name: "dropout",
  doc: "Zeroes values at random while training, does nothing at inference.",
  trainingOnly: true,
  infer: ([input = []]) => [input],
  onnx: (writer, [input = ""]) => [writer.node("Identity", [input])],
  torch: { kind: "module", build: ({ rate }) => ({ callee: "nn.Dropout", args: [rate] }) },
  sample: (choose) => ({ attrs: { rate: choose.pick([0, 0.5]) }, inputs: [anyShape(choose)] }),
});
