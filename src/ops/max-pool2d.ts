import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { scaledSpatially } from "./rules.ts";

export const maxPool2d = defineOp<{ readonly size: number }>({
  name: "maxPool2d",
  doc: "Maximum over size×size cells.",
  infer: ([input = []], { size }) => [scaledSpatially(input, channelsOf(input), 1 / size)],
  onnx: (writer, [input = ""], { size }) => [
    // VALID is no padding, said so that runtimes leave it alone: onnxruntime 1.30 moves the zeros of a Pad before it into a
    // MaxPool that does not say so, where they count as -∞.
    writer.node("MaxPool", [input], { kernel_shape: [size, size], strides: [size, size], auto_pad: "VALID" }),
  ],
  torch: { kind: "function", call: ([input = ""], { size }) => `F.max_pool2d(${input}, ${size})` },
  sample(choose) {
    const size = choose.pick([2, 4]);
    return { attrs: { size }, inputs: [[choose.int(1, 2), choose.int(1, 4), size * choose.int(1, 4), size * choose.int(1, 4)]] };
  },
});
