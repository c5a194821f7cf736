import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { isConstant, pyIndex, pyInput, pySlice } from "../ir/python.ts";
import { channelsOf } from "../ir/shape.ts";
import { replaceChannels } from "./rules.ts";

export const slice = defineOp({
  name: "slice",
  doc: "Channels start to stop, stop excluded.",
  attributes: {
    start: { kind: "count", min: 0, doc: "The first channel." },
    stop: { kind: "count", min: 0, doc: "The channel after the last." },
  },
  view: true,
  infer([input], { start, stop }) {
    const channels = channelsOf(input);
    if (start < 0 || stop <= start || stop > channels) {
      throw new ShapeError("the slice leaves the channels", {
        expected: `0 ≤ start < stop ≤ ${channels}`,
        found: `start: ${start}, stop: ${stop}`,
        help: "choose channels that the input has",
      });
    }
    return [replaceChannels(input, stop - start)];
  },
  onnx: (writer, [input], { start, stop }) => [
    writer.node("Slice", [
      input,
      writer.ints(`at_${start}`, [start]),
      writer.ints(`at_${stop}`, [stop]),
      writer.ints("at_1", [1]),
    ]),
  ],
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { start, stop }) =>
      pyIndex(pyInput(inputs), pySlice(), pySlice(isConstant(start, 0) ? undefined : start, stop)),
  },
  sample(choose) {
    const start = choose.int(0, 3);
    const stop = start + choose.int(1, 3);
    return {
      attrs: { start, stop },
      inputs: [
        [choose.int(1, 2), stop + choose.int(0, 3), ...choose.pick([[choose.int(1, 4), choose.int(1, 4)], [choose.int(1, 9)]])],
      ],
    };
  },
});
