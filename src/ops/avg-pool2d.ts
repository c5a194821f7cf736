import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySame, pySymbol } from "../ir/python.ts";
import { poolAttributes, poolShape } from "./rules.ts";

export const avgPool2d = defineOp({
  name: "avgPool2d",
  doc: "Mean over windows of size×size, `stride` apart.",
  attributes: {
    ...poolAttributes,
    padding: { kind: "count", min: 0, default: 0, doc: "Zeros on every side; half a window at most." },
    countIncludePad: { kind: "flag", default: true, doc: "Whether a mean counts these zeros." },
  },
  infer: ([input], attrs) => [poolShape(input, attrs)],
  onnx(writer, [input], { size, stride, padding, countIncludePad }) {
    if (stride !== size || padding > 0) {
      const window = { kernel_shape: [size, size], strides: [stride, stride] };
      if (padding > 0 && !countIncludePad)
        return [writer.node("AveragePool", [input], { ...window, pads: [padding, padding, padding, padding] })];
      const pads = (): string => writer.ints(`pads_${padding}`, [0, 0, padding, padding, 0, 0, padding, padding]);
      const map = padding === 0 ? input : writer.node("Pad", [input, pads()]);
      // Zeros that count are values like others, and VALID keeps runtimes from making padding of them, which may be as large as a window then.
      return [writer.node("AveragePool", [map], { ...window, auto_pad: "VALID" })];
    }
    // A factor at a time, as strided convolutions before it halve: tools that infer symbolic shapes compare ⌊⌊H/2⌋/2⌋ with ⌊H/4⌋ by their letters.
    const halved = (map: string, factor: number): string =>
      writer.node("AveragePool", [map], { kernel_shape: [factor, factor], strides: [factor, factor] });
    return [factorsOf(size).reduce(halved, input)];
  },
  torch: {
    kind: "function",
    call: (inputs, { size, stride, padding, countIncludePad }) =>
      pyCall(pySymbol("F", "avg_pool2d"), [pyInput(inputs), size, ...(pySame(stride, size) ? [] : [stride])], {
        ...torchKeyword("padding", padding, 0),
        ...torchKeyword("count_include_pad", countIncludePad, true),
      }),
  },
  sample(choose) {
    const [size, stride, padding] = choose.pick([
      [2, 2, 0],
      [4, 4, 0],
      [3, 2, 1],
      [3, 1, 1],
      [2, 1, 0],
      [4, 2, 1],
    ] as const);
    const side = (): number => (stride === size ? size * choose.int(1, 4) : 2 * choose.int(2, 5));
    const attrs = { size, stride, padding, countIncludePad: choose.pick([false, true]) };
    return { attrs, inputs: [[choose.int(1, 2), choose.int(1, 4), side(), side()]] };
  },
});

/** The prime factors, smallest first; of 1 itself. */
function factorsOf(size: number): readonly number[] {
  for (let factor = 2; factor * factor <= size; factor++) {
    if (size % factor === 0) return [factor, ...factorsOf(size / factor)];
  }
  return [size];
}
