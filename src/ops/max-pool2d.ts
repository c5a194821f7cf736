import { constantDim } from "../ir/dim.ts";
import { channelsOf, elementCount } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySame, pySymbol } from "../ir/python.ts";
import { featureDims, scaledSpatially, windowedDim } from "./rules.ts";

export const maxPool2d = defineOp({
  name: "maxPool2d",
  doc: "Maximum over windows of size×size, `stride` apart.",
  attributes: {
    size: { kind: "count", doc: "Side of a window." },
    stride: {
      kind: "count",
      default: { from: ["size"], rule: (size: number) => size, doc: "size" },
      doc: "Distance between neighbouring windows.",
    },
  },
  infer([input], { size, stride }) {
    const channels = channelsOf(input);
    // Cells side by side must come out even; overlapping windows leave a rest over, as a convolution does.
    if (stride === size) return [scaledSpatially(input, channels, 1 / size)];
    const [n, , h, w] = featureDims(input);
    return [[n, constantDim(channels), windowedDim(h, size, stride, 0), windowedDim(w, size, stride, 0)]];
  },
  onnx: (writer, [input], { size, stride }) => [
    // VALID is no padding, said so that runtimes leave it alone: onnxruntime 1.30 moves the zeros of a Pad before it into a
    // MaxPool that does not say so, where they count as -∞.
    writer.node("MaxPool", [input], { kernel_shape: [size, size], strides: [stride, stride], auto_pad: "VALID" }),
  ],
  // The places of the maxima, in int64.
  saves: (_, [output]) => ({ inputs: true, bytes: 8 * elementCount(output) }),
  torch: {
    kind: "function",
    call: (inputs, { size, stride }) =>
      pyCall(pySymbol("F", "max_pool2d"), [pyInput(inputs), size, ...(pySame(stride, size) ? [] : [stride])]),
  },
  sample(choose) {
    const [size, stride] = choose.pick([
      [2, 2],
      [4, 4],
      [3, 2],
      [3, 1],
    ] as const);
    const side = (): number => (stride === size ? size * choose.int(1, 4) : 2 * choose.int(2, 6));
    return { attrs: { size, stride }, inputs: [[choose.int(1, 2), choose.int(1, 4), side(), side()]] };
  },
});
