import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { convShape } from "./rules.ts";

export interface BlurAttrs {
  readonly [name: string]: number;
  readonly stride: number;
  readonly padding: number;
}

/** The binomial filter of StyleGAN2 along each side; its sum is 8. */
const taps = [1, 3, 3, 1];

/** The depthwise convolution that a blur of so many channels is. */
function convolution(channels: number, attrs: BlurAttrs): Parameters<typeof convShape>[1] {
  return { ...attrs, in: channels, out: channels, kernel: taps.length, bias: false };
}

export const blur = defineOp<BlurAttrs>({
  name: "blur",
  doc: "Every channel smoothed with the fixed filter (1, 3, 3, 1)/8 along both sides, against aliasing before a stride (Zhang 2019).",
  infer: ([input = []], attrs) => [convShape(input, convolution(channelsOf(input), attrs))],
  onnx(writer, [input = ""], { stride, padding }) {
    const channels = channelsOf(writer.inputShapes[0] ?? []);
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
  torch: {
    kind: "function",
    call: ([input = ""], { stride, padding }) =>
      `blur(${input}${stride === 1 ? "" : `, stride=${stride}`}${padding === 0 ? "" : `, padding=${padding}`})`,
  },
  sample: (choose) => ({
    attrs: { stride: choose.pick([1, 2]), padding: choose.pick([0, 1, 2]) },
    inputs: [[choose.int(1, 2), choose.int(1, 4), 2 * choose.int(2, 5), 2 * choose.int(2, 5)]],
  }),
});
