import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";
import { anyShape } from "./samples.ts";

export const elu = defineOp({
  name: "elu",
  doc: "Exponential linear unit: alpha · (eˣ − 1) below 0 (Clevert et al. 2015).",
  attributes: {
    alpha: { kind: "number", default: 1, doc: "What values far below 0 come near to, with the other sign." },
  },
  infer: elementwise.infer,
  onnx: (writer, [input], { alpha }) => [writer.node("Elu", [input], { alpha: { float: alpha } })],
  precise: ["Elu"],
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { alpha }) => pyCall(pySymbol("F", "elu"), [pyInput(inputs)], torchKeyword("alpha", alpha, 1)),
  },
  sample: (choose) => ({ attrs: { alpha: choose.pick([1, 0.5]) }, inputs: [anyShape(choose)] }),
});
