import { elementCount } from "../ir/shape.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySame, pySymbol } from "../ir/python.ts";
import { bordered, evenBorder } from "./border.ts";
import { poolAttributes, poolShape } from "./rules.ts";

export const maxPool2d = defineOp({
  name: "maxPool2d",
  doc: "Maximum over windows of size×size, `stride` apart.",
  attributes: {
    ...poolAttributes,
    padding: { kind: "count", min: 0, default: 0, doc: "Positions on every side that no maximum takes; half a window at most." },
  },
  infer: ([input], attrs) => [poolShape(input, attrs)],
  onnx(writer, [input], { size, stride, padding }) {
    // A border of repeated values changes no maximum, since every window that meets it holds what it repeats.
    const map = bordered(writer, input, evenBorder(padding), "replicate");
    // VALID is no padding, said so that runtimes leave it alone: onnxruntime 1.30 moves the zeros of a Pad before it into a
    // MaxPool that does not say so, where they count as -∞.
    return [writer.node("MaxPool", [map], { kernel_shape: [size, size], strides: [stride, stride], auto_pad: "VALID" })];
  },
  // The places of the maxima, in int64.
  saves: (_, [output]) => ({ inputs: true, bytes: 8 * elementCount(output) }),
  torch: {
    kind: "function",
    call: (inputs, { size, stride, padding }) =>
      pyCall(
        pySymbol("F", "max_pool2d"),
        [pyInput(inputs), size, ...(pySame(stride, size) ? [] : [stride])],
        torchKeyword("padding", padding, 0),
      ),
  },
  sample(choose) {
    const [size, stride, padding] = choose.pick([
      [2, 2, 0],
      [4, 4, 0],
      [3, 2, 1],
      [3, 2, 0],
      [3, 1, 0],
      [5, 1, 2],
    ] as const);
    const side = (): number => (stride === size ? size * choose.int(1, 4) : 2 * choose.int(2, 6));
    return { attrs: { size, stride, padding }, inputs: [[choose.int(1, 2), choose.int(1, 4), side(), side()]] };
  },
});
