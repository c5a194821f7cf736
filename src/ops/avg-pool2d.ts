import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { scaledSpatially } from "./rules.ts";

export const avgPool2d = defineOp({
  name: "avgPool2d",
  doc: "Mean over size×size cells.",
  attributes: {
    size: { kind: "count", doc: "Side of a cell." },
  },
  infer: ([input], { size }) => [scaledSpatially(input, channelsOf(input), 1 / size)],
  onnx: (writer, [input], { size }) => [
    writer.node("AveragePool", [input], { kernel_shape: [size, size], strides: [size, size] }),
  ],
  torch: { kind: "function", call: (inputs, { size }) => pyCall(pySymbol("F", "avg_pool2d"), [pyInput(inputs), size]) },
  sample(choose) {
    const size = choose.pick([2, 4]);
    return { attrs: { size }, inputs: [[choose.int(1, 2), choose.int(1, 4), size * choose.int(1, 4), size * choose.int(1, 4)]] };
  },
});
