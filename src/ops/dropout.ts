import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { anyShape } from "./samples.ts";

export const dropout = defineOp({
  name: "dropout",
  doc: "Zeroes values at random while training, does nothing at inference.",
  attributes: {
    rate: { kind: "number", interval: { min: 0, max: 1 }, doc: "Share of the values that become 0." },
  },
  trainingOnly: true,
  infer: ([input]) => [input],
  onnx: (writer, [input]) => [writer.node("Identity", [input])],
  // The mask, in float32 on a CPU; on a GPU it is a byte per value. Nothing where nothing is dropped.
  saves: ([input], _, { rate }) => ({ bytes: rate === 0 ? 0 : 4 * elementCount(input) }),
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("nn", "Dropout"),
    args: [{ attr: "rate" }],
  },
  sample: (choose) => ({ attrs: { rate: choose.pick([0, 0.5]) }, inputs: [anyShape(choose)] }),
});
