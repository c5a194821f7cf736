import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { scaledSpatially } from "./rules.ts";
import { reducedReach } from "./windows.ts";

export const pixelUnshuffle = defineOp({
  name: "pixelUnshuffle",
  doc: "Space to depth: every factor×factor cell becomes channels, channel-major.",
  attributes: {
    factor: { kind: "count", doc: "Side of a cell." },
  },
  infer: ([input], { factor }) => [scaledSpatially(input, channelsOf(input) * factor * factor, 1 / factor)],
  // A convolution with one-hot filters, since SpaceToDepth orders the channels the other way round.
  onnx(writer, [input], { factor }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const area = factor * factor;
    const values = Array.from({ length: channels * area * area }, (_, i) => (Math.floor(i / area) % area === i % area ? 1 : 0));
    const weight = writer.constant(`unshuffle_${channels}_${factor}`, [channels * area, 1, factor, factor], values);
    return [writer.node("Conv", [input, weight], { kernel_shape: [factor, factor], strides: [factor, factor], group: channels })];
  },
  saves: () => ({}),
  reach: ({ factor }) => reducedReach(factor),
  torch: { kind: "function", call: (inputs, { factor }) => pyCall(pySymbol("F", "pixel_unshuffle"), [pyInput(inputs), factor]) },
  sample(choose) {
    const factor = choose.pick([2, 4]);
    return {
      attrs: { factor },
      inputs: [[choose.int(1, 2), choose.int(1, 3), factor * choose.int(1, 3), factor * choose.int(1, 3)]],
    };
  },
});
