import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { channelsOf, formatShape } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { scaledSpatially } from "./rules.ts";
import { enlargedReach } from "./windows.ts";

export const pixelShuffle = defineOp({
  name: "pixelShuffle",
  doc: "Depth to space: every factor² channels, which stand together, become a factor×factor cell of one (Shi et al. 2016).",
  attributes: {
    factor: { kind: "count", doc: "Side of a cell." },
  },
  infer([input], { factor }) {
    const [channels, area] = [channelsOf(input), factor * factor];
    if (channels % area !== 0) {
      throw new ShapeError(`${counted(channels, "channel")} cannot fill cells of ${factor}×${factor}`, {
        expected: `channels divisible by ${area}`,
        found: formatShape(input),
        help: `make the layer before it give ${area} times the channels that are wanted`,
      });
    }
    return [scaledSpatially(input, channels / area, factor)];
  },
  onnx: (writer, [input], { factor }) => [writer.node("DepthToSpace", [input], { blocksize: factor, mode: "CRD" })],
  saves: () => ({}),
  reach: ({ factor }) => enlargedReach(factor),
  torch: { kind: "function", call: (inputs, { factor }) => pyCall(pySymbol("F", "pixel_shuffle"), [pyInput(inputs), factor]) },
  sample(choose) {
    const factor = choose.pick([1, 2, 3, 4]);
    const channels = factor * factor * choose.int(1, 3);
    return { attrs: { factor }, inputs: [[choose.int(1, 2), channels, choose.int(1, 4), choose.int(1, 4)]] };
  },
});
