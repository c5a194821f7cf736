import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pyAttribute, pyCall, pyConstant, pyInput, pyTuple } from "../ir/python.ts";
import { channelsOf } from "../ir/shape.ts";
import { featureDims, replaceChannels } from "./rules.ts";

export const channelMean = defineOp({
  name: "channelMean",
  doc: "Mean over equal runs of channels of a map.",
  attributes: {
    size: { kind: "count", doc: "Channels in a run." },
  },
  infer([input], { size }) {
    featureDims(input);
    const channels = channelsOf(input);
    if (channels % size !== 0) {
      throw new ShapeError(`${counted(channels, "channel")} cannot be split into runs of ${size}`, {
        expected: `channels divisible by ${size}`,
        found: counted(channels, "channel"),
        help: "choose a size that divides them",
      });
    }
    return [replaceChannels(input, channels / size)];
  },
  // A convolution whose filters are means: a map seen in runs would need its sides.
  onnx(writer, [input], { size }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const weight = writer.constant(
      `mean_${channels}_${size}`,
      [channels / size, size, 1, 1],
      Array<number>(channels).fill(1 / size),
    );
    return [writer.node("Conv", [input, weight], { kernel_shape: [1, 1], group: channels / size })];
  },
  precise: ["Conv"],
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { size }) => {
      const runs = pyCall(pyAttribute(pyInput(inputs), "unflatten"), [pyConstant(1), pyTuple([pyConstant(-1), size])]);
      return pyCall(pyAttribute(runs, "mean"), [], { dim: pyConstant(2) });
    },
  },
  sample(choose) {
    const size = choose.int(1, 4);
    return { attrs: { size }, inputs: [[choose.int(1, 2), size * choose.int(1, 3), choose.int(1, 4), choose.int(1, 4)]] };
  },
});
