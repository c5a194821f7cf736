import { defineOp } from "../ir/op.ts";
import { pyAttribute, pyCall, pyConstant, pyInput } from "../ir/python.ts";
import { channelsOf } from "../ir/shape.ts";
import { featureDims, replaceChannels } from "./rules.ts";

export const repeatInterleave = defineOp({
  name: "repeatInterleave",
  doc: "Repeats every channel of a map, its copies side by side.",
  attributes: {
    repeats: { kind: "count", doc: "Channels that each becomes." },
  },
  infer([input], { repeats }) {
    featureDims(input);
    return [replaceChannels(input, channelsOf(input) * repeats)];
  },
  // A convolution with filters of 1, as fast as Gather, and every runtime has it.
  onnx(writer, [input], { repeats }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const ones = Array<number>(channels * repeats).fill(1);
    const weight = writer.constant(`repeat_${channels}_${repeats}`, [channels * repeats, 1, 1, 1], ones);
    return [writer.node("Conv", [input, weight], { kernel_shape: [1, 1], group: channels })];
  },
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { repeats }) => pyCall(pyAttribute(pyInput(inputs), "repeat_interleave"), [repeats], { dim: pyConstant(1) }),
  },
  sample: (choose) => ({
    attrs: { repeats: choose.int(1, 4) },
    inputs: [[choose.int(1, 2), choose.int(1, 4), choose.int(1, 4), choose.int(1, 4)]],
  }),
});
