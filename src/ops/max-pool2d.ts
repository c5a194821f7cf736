import { sidesOf } from "../ir/attributes.ts";
import { elementCount } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { addedBorder, bordered } from "./border.ts";
import { ceilMode, coveredBorder, poolAttributes, poolShape, torchPool } from "./pool.ts";
import { windowReach } from "./windows.ts";

export const maxPool2d = defineOp({
  name: "maxPool2d",
  doc: "Maximum over windows of size×size, `stride` apart.",
  attributes: {
    ...poolAttributes,
    padding: {
      kind: "pair",
      min: 0,
      default: 0,
      doc: "Positions on every side that no maximum takes; half a window at most.",
    },
    ceilMode,
  },
  infer: ([input], attrs) => [poolShape(input, attrs)],
  onnx(writer, [input], attrs) {
    const { padding, beyond } = coveredBorder(writer.inputShapes[0], attrs);
    // A border of repeated values changes no maximum, since every window that meets it holds what it repeats.
    const map = bordered(writer, input, addedBorder(padding, beyond), "replicate");
    const window = { kernel_shape: sidesOf(attrs.size), strides: sidesOf(attrs.stride) };
    // VALID is no padding, said so that runtimes leave it alone: onnxruntime 1.30 moves the zeros of a Pad before it into a
    // MaxPool that does not say so, where they count as -∞.
    return [writer.node("MaxPool", [map], { ...window, auto_pad: "VALID" })];
  },
  // The places of the maxima, in int64.
  saves: (_, [output]) => ({ inputs: true, bytes: 8 * elementCount(output) }),
  reach: ({ size, stride, padding }) => windowReach({ kernel: size, stride, padding }),
  torch: { kind: "function", call: (inputs, attrs) => torchPool("max_pool2d", inputs, attrs) },
  sample(choose) {
    const [size, stride, padding, ceil] = choose.pick([
      [2, 2, 0, false],
      [4, 4, 0, false],
      [3, 2, 1, false],
      [3, 2, 0, false],
      [3, 1, 0, false],
      [5, 1, 2, false],
      [3, 2, 0, true],
      [3, 2, 1, true],
      [2, 3, 1, true],
      [2, 3, 0, true],
      [[2, 3], [2, 1], [0, 1], false],
      [[1, 4], [1, 3], 0, true],
    ] as const);
    const side = (): number => 12 * choose.int(1, 2);
    const attrs = { size, stride, padding, ceilMode: ceil };
    return { attrs, inputs: [[choose.int(1, 2), choose.int(1, 4), side(), side()]] };
  },
});
