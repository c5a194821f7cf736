import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { isConstant, pyAttribute, pyCall, pyConstant, pyInput } from "../ir/python.ts";
import { channelsOf } from "../ir/shape.ts";
import { replaceChannels } from "./rules.ts";

export const chunk = defineOp({
  name: "chunk",
  doc: "Splits the channels into equal runs.",
  attributes: {
    chunks: { kind: "count", doc: "How many runs." },
  },
  view: true,
  infer([input], { chunks }) {
    const channels = channelsOf(input);
    if (channels % chunks !== 0) {
      throw new ShapeError(`${counted(channels, "channel")} cannot be split into ${chunks} equal parts`, {
        expected: `channels divisible by ${chunks}`,
        found: counted(channels, "channel"),
        help: `make the layer before it give a multiple of ${chunks} channels`,
      });
    }
    return Array.from({ length: chunks }, () => replaceChannels(input, channels / chunks));
  },
  onnx: (writer, [input], { chunks }) => writer.nodes("Split", [input], chunks, { axis: 1, num_outputs: chunks }),
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { chunks }) =>
      isConstant(chunks, 1) ? pyInput(inputs) : pyCall(pyAttribute(pyInput(inputs), "chunk"), [chunks], { dim: pyConstant(1) }),
  },
  sample(choose) {
    const chunks = choose.int(1, 4);
    return {
      attrs: { chunks },
      inputs: [
        [
          choose.int(1, 2),
          chunks * choose.int(1, 3),
          ...choose.pick([[choose.int(1, 4), choose.int(1, 4)], [choose.int(1, 9)], []]),
        ],
      ],
    };
  },
});
