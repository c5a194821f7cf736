import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyConstant, pyInput, pySymbol } from "../ir/python.ts";
import { scaledSpatially } from "./rules.ts";
import { anyMap } from "./samples.ts";
import { enlargedReach } from "./windows.ts";

export const upsampleNearest = defineOp({
  name: "upsampleNearest",
  doc: "Repeats every position factor times along both sides.",
  constructorName: "upsample",
  attributes: {
    factor: { kind: "count", doc: "How much larger both sides become." },
  },
  infer: ([input], { factor }) => [scaledSpatially(input, channelsOf(input), factor)],
  onnx: (writer, [input], { factor }) => [
    writer.node("Resize", [input, "", writer.constant(`scales_${factor}`, [4], [1, 1, factor, factor])], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    }),
  ],
  saves: () => ({}),
  reach: ({ factor }) => enlargedReach(factor),
  torch: {
    kind: "function",
    call: (inputs, { factor }) =>
      pyCall(pySymbol("F", "interpolate"), [pyInput(inputs)], { scale_factor: factor, mode: pyConstant("nearest") }),
  },
  sample: (choose) => ({ attrs: { factor: choose.pick([2, 4]) }, inputs: [anyMap(choose)] }),
});
