import type { Attributes, AttrsOf } from "../ir/attributes.ts";
import { channelsOf } from "../ir/shape.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { convShape } from "./rules.ts";
import { windowReach } from "./windows.ts";

const blurAttributes = {
  filter: {
    kind: "counts",
    lengths: { min: 1, max: Infinity },
    default: [1, 3, 3, 1],
    doc: "Weights along each side, which are divided by their sum.",
  },
  stride: { kind: "count", default: 1, doc: "Distance between neighbouring outputs." },
  padding: { kind: "count", min: 0, default: 0, doc: "Zeros on every side; with stride 2, padding 1 gives half the size." },
} as const satisfies Attributes;

/** The depthwise convolution that a blur of so many channels is. */
function convolution(channels: number, attrs: AttrsOf<typeof blurAttributes>): Parameters<typeof convShape>[1] {
  return { ...attrs, in: channels, out: channels, kernel: attrs.filter.length, bias: false };
}

export const blur = defineOp({
  name: "blur",
  doc: "Every channel smoothed with a fixed filter along both sides, against aliasing before a stride (Zhang 2019); StyleGAN2's where none is given.",
  attributes: blurAttributes,
  infer: ([input], attrs) => [convShape(input, convolution(channelsOf(input), attrs))],
  onnx(writer, [input], { filter, stride, padding }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const sum = filter.reduce((total, tap) => total + tap, 0);
    const cell = filter.flatMap((row) => filter.map((column) => (row * column) / sum ** 2));
    const values = Array.from({ length: channels }, () => cell).flat();
    const size = filter.length;
    const weight = writer.constant(`blur_${filter.join("_")}_${channels}`, [channels, 1, size, size], values);
    return [
      writer.node("Conv", [input, weight], {
        kernel_shape: [size, size],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        group: channels,
      }),
    ];
  },
  saves: () => ({}),
  reach: ({ filter, ...window }) => windowReach({ ...window, kernel: filter.length }),
  torch: {
    kind: "function",
    call: (inputs, { filter, stride, padding }) =>
      pyCall(pySymbol("layers", "blur"), [pyInput(inputs)], {
        ...torchKeyword("taps", filter, blurAttributes.filter.default),
        ...torchKeyword("stride", stride, 1),
        ...torchKeyword("padding", padding, 0),
      }),
  },
  sample: (choose) => ({
    attrs: {
      filter: choose.pick([
        [1, 3, 3, 1],
        [1, 2, 1],
        [1, 4, 6, 4, 1],
        [2, 1],
      ]),
      stride: choose.pick([1, 2]),
      padding: choose.pick([0, 1, 2]),
    },
    inputs: [[choose.int(1, 2), choose.int(1, 4), 2 * choose.int(3, 6), 2 * choose.int(3, 6)]],
  }),
});
