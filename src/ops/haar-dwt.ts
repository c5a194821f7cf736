import { channelsOf } from "../ir/shape.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { haarWeight } from "./haar.ts";
import { scaledSpatially } from "./rules.ts";
import { reducedReach } from "./windows.ts";

export const haarDwt = defineOp({
  name: "haarDwt",
  doc: "One level of the orthonormal 2D Haar transform times a scale: four bands of half the size, band-major (arXiv:2405.14477 §3). The function gives them as `bands` of `{ low, bands }`; `low` is the first, to be transformed again.",
  attributes: {
    scale: { kind: "number", default: 1, doc: "Factor of the orthonormal transform." },
  },
  infer: ([input]) => [scaledSpatially(input, 4 * channelsOf(input), 1 / 2)],
  onnx(writer, [input], { scale }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const { shape, values } = haarWeight(channels, scale);
    const weight = writer.constant(`haar_${channels}_${scale}`, shape, values);
    return [writer.node("Conv", [input, weight], { kernel_shape: [2, 2], strides: [2, 2] })];
  },
  saves: () => ({}),
  reach: () => reducedReach(2),
  torch: {
    kind: "function",
    call: (inputs, { scale }) => pyCall(pySymbol("layers", "haar_dwt"), [pyInput(inputs)], torchKeyword("scale", scale, 1)),
  },
  sample: (choose) => ({
    attrs: { scale: choose.pick([1, 0.5]) },
    inputs: [[choose.int(1, 2), choose.int(1, 4), 2 * choose.int(1, 5), 2 * choose.int(1, 5)]],
  }),
});
