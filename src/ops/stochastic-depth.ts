import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";

export const stochasticDepth = defineOp({
  name: "stochasticDepth",
  doc: "Zeroes whole images at random while training, does nothing at inference: for the branch of a residual block (Huang et al. 2016).",
  attributes: {
    rate: { kind: "number", interval: { min: 0, max: 1 }, doc: "Share of the images that become 0." },
  },
  trainingOnly: true,
  infer: ([input]) => [input],
  onnx: (writer, [input]) => [writer.node("Identity", [input])],
  // A factor per image; nothing where nothing is dropped.
  saves: ([[images]], _, { rate }) => ({ bytes: rate === 0 ? 0 : 4 * (images as number) }),
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("layers", "StochasticDepth"),
    args: [{ attr: "rate" }],
  },
  sample: (choose) => ({ attrs: { rate: choose.pick([0, 0.5]) }, inputs: elementwise.sample(choose).inputs }),
});
