import type { Attributes, AttrsOf } from "../ir/attributes.ts";
import { channelsOf } from "../ir/shape.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { convShape } from "./rules.ts";

const blurAttributes = {
  stride: { kind: "count", default: 1, doc: "Distance between neighbouring outputs." },
  padding: { kind: "count", min: 0, default: 0, doc: "Zeros on every side; with stride 2, padding 1 gives half the size." },
} as const satisfies Attributes;

/** The binomial filter of StyleGAN2 along each side; its sum is 8. */
const taps = [1, 3, 3, 1];

/** The depthwise convolution that a blur of so many channels is. */
function convolution(channels: number, attrs: AttrsOf<typeof blurAttributes>): Parameters<typeof convShape>[1] {
  return { ...attrs, in: channels, out: channels, kernel: taps.length, bias: false };
}

export const blur = defineOp({
  name: "blur",
  doc: "Every channel smoothed with the fixed filter (1, 3, 3, 1)/8 along both sides, against aliasing before a stride (Zhang 2019).",
  attributes: blurAttributes,
  infer: ([input], attrs) => [convShape(input, convolution(channelsOf(input), attrs))],
  onnx(writer, [input], { stride, padding }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const filter = taps.flatMap((row) => taps.map((column) => (row * column) / 64));
    const values = Array.from({ length: channels }, () => filter).flat();
    const weight = writer.constant(`blur_${channels}`, [channels, 1, taps.length, taps.length], values);
    return [
      writer.node("Conv", [input, weight], {
        kernel_shape: [taps.length, taps.length],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        group: channels,
      }),
    ];
  },
  saves: () => ({}),
  torch: {
    kind: "function",
    call: (inputs, { stride, padding }) =>
      pyCall(pySymbol("layers", "blur"), [pyInput(inputs)], {
        ...torchKeyword("stride", stride, 1),
        ...torchKeyword("padding", padding, 0),
      }),
  },
  sample: (choose) => ({
    attrs: { stride: choose.pick([1, 2]), padding: choose.pick([0, 1, 2]) },
    inputs: [[choose.int(1, 2), choose.int(1, 4), 2 * choose.int(2, 5), 2 * choose.int(2, 5)]],
  }),
});
