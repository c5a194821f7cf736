import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { channelsOf, formatShape } from "../ir/shape.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { haarWeight } from "./haar.ts";
import { scaledSpatially } from "./rules.ts";
import { enlargedReach } from "./windows.ts";

export const haarIdwt = defineOp({
  name: "haarIdwt",
  doc: "Inverse of one level of the orthonormal 2D Haar transform, times a scale: the bands become one map of twice the size.",
  attributes: {
    scale: { kind: "number", default: 1, doc: "Factor of the orthonormal transform." },
  },
  infer([input]) {
    const channels = channelsOf(input);
    if (channels % 4 !== 0) {
      throw new ShapeError(`${counted(channels, "channel")} cannot be four bands`, {
        expected: "channels divisible by 4: cA, cH, cV, cD of every channel",
        found: formatShape(input),
        help: "make the layer before it give 4 times the channels of the image",
      });
    }
    return [scaledSpatially(input, channels / 4, 2)];
  },
  onnx(writer, [input], { scale }) {
    const channels = channelsOf(writer.inputShapes[0]) / 4;
    const { shape, values } = haarWeight(channels, scale);
    const weight = writer.constant(`haar_${channels}_${scale}`, shape, values);
    return [writer.node("ConvTranspose", [input, weight], { kernel_shape: [2, 2], strides: [2, 2] })];
  },
  saves: () => ({}),
  reach: () => enlargedReach(2),
  torch: {
    kind: "function",
    call: (inputs, { scale }) => pyCall(pySymbol("layers", "haar_idwt"), [pyInput(inputs)], torchKeyword("scale", scale, 1)),
  },
  sample: (choose) => ({
    attrs: { scale: choose.pick([1, 2]) },
    inputs: [[choose.int(1, 2), 4 * choose.int(1, 3), choose.int(1, 5), choose.int(1, 5)]],
  }),
});
