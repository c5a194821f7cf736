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
  // A factor at a time, as strided convolutions before it halve: tools that infer symbolic shapes compare ⌊⌊H/2⌋/2⌋ with ⌊H/4⌋ by their letters.
  onnx: (writer, [input], { size }) => [
    factorsOf(size).reduce(
      (map, factor) => writer.node("AveragePool", [map], { kernel_shape: [factor, factor], strides: [factor, factor] }),
      input,
    ),
  ],
  torch: { kind: "function", call: (inputs, { size }) => pyCall(pySymbol("F", "avg_pool2d"), [pyInput(inputs), size]) },
  sample(choose) {
    const size = choose.pick([2, 4]);
    return { attrs: { size }, inputs: [[choose.int(1, 2), choose.int(1, 4), size * choose.int(1, 4), size * choose.int(1, 4)]] };
  },
});

/** The prime factors, smallest first; of 1 itself. */
function factorsOf(size: number): readonly number[] {
  for (let factor = 2; factor * factor <= size; factor++) {
    if (size % factor === 0) return [factor, ...factorsOf(size / factor)];
  }
  return [size];
}
