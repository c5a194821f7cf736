import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { scaledSpatially } from "./rules.ts";

export const maxPool2d = defineOp<{ readonly size: number }>({
  name: "maxPool2d",
  doc: "Maximum over size×size cells.",
  infer: ([input = []], { size }) => [scaledSpatially(input, channelsOf(input), 1 / size)],
  onnx: (writer, [input = ""], { size }) => [
    writer.node("MaxPool", [input], { kernel_shape: [size, size], strides: [size, size] }),
  ],
  torch: { kind: "function", call: ([input = ""], { size }) => `F.max_pool2d(${input}, ${size})` },
  sample(choose) {
    const size = choose.pick([2, 4]);
    return { attrs: { size }, inputs: [[choose.int(1, 2), choose.int(1, 4), size * choose.int(1, 4), size * choose.int(1, 4)]] };
  },
});
