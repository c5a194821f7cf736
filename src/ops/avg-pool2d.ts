import { sidesOf } from "../ir/attributes.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { addedBorder, noBorder, padsOf } from "./border.ts";
import { ceilMode, coveredBorder, poolAttributes, poolShape, torchPool } from "./pool.ts";
import { windowReach } from "./windows.ts";

export const avgPool2d = defineOp({
  name: "avgPool2d",
  doc: "Mean over windows of size×size, `stride` apart.",
  attributes: {
    ...poolAttributes,
    padding: { kind: "pair", min: 0, default: 0, doc: "Zeros on every side; half a window at most." },
    ceilMode,
    countIncludePad: { kind: "flag", default: true, doc: "Whether a mean counts these zeros." },
  },
  infer: ([input], attrs) => [poolShape(input, attrs)],
  onnx(writer, [input], attrs) {
    const [size, stride] = [sidesOf(attrs.size), sidesOf(attrs.stride)];
    const { padding, beyond } = coveredBorder(writer.inputShapes[0], attrs);
    if (size.join() !== stride.join() || !noBorder(padding) || !noBorder(beyond)) {
      const window = { kernel_shape: size, strides: stride };
      // Zeros that count are values like others; pads of AveragePool count nowhere.
      const map = noBorder(padding) || !attrs.countIncludePad ? input : writer.node("Pad", [input, padsOf(writer, padding)]);
      const pads = attrs.countIncludePad ? beyond : addedBorder(padding, beyond);
      // VALID keeps runtimes from making padding of the zeros, which may be as large as a window then.
      return [writer.node("AveragePool", [map], { ...window, ...(noBorder(pads) ? { auto_pad: "VALID" } : { pads }) })];
    }
    // A factor at a time, as strided convolutions before it halve: tools that infer symbolic shapes compare ⌊⌊H/2⌋/2⌋ with ⌊H/4⌋ by their letters.
    const halved = (map: string, cell: Sides): string => writer.node("AveragePool", [map], { kernel_shape: cell, strides: cell });
    return [cellsOf(size).reduce(halved, input)];
  },
  reach: ({ size, stride, padding }) => windowReach({ kernel: size, stride, padding }),
  torch: {
    kind: "function",
    call: (inputs, { countIncludePad, ...attrs }) =>
      torchPool("avg_pool2d", inputs, attrs, torchKeyword("count_include_pad", countIncludePad, true)),
  },
  sample(choose) {
    const [size, stride, padding, ceil] = choose.pick([
      [2, 2, 0, false],
      [4, 4, 0, false],
      [3, 2, 1, false],
      [3, 1, 1, false],
      [2, 1, 0, false],
      [4, 2, 1, false],
      [3, 2, 0, true],
      [3, 2, 1, true],
      [2, 3, 1, true],
      [2, 3, 0, true],
      [[2, 4], [2, 4], 0, false],
      [[2, 3], [2, 1], [0, 1], false],
      [[4, 1], [3, 1], [2, 0], true],
    ] as const);
    const side = (): number => 12 * choose.int(1, 2);
    const attrs = { size, stride, padding, ceilMode: ceil, countIncludePad: choose.pick([false, true]) };
    return { attrs, inputs: [[choose.int(1, 2), choose.int(1, 4), side(), side()]] };
  },
});

type Sides = readonly [height: number, width: number];

/** Cells of which the large one is made, by prime factors, smallest first. */
function cellsOf([height, width]: Sides): readonly Sides[] {
  const cell = [smallestFactor(height), smallestFactor(width)] as const;
  const rest = [height / cell[0], width / cell[1]] as const;
  return rest.every((side) => side === 1) ? [cell] : [cell, ...cellsOf(rest)];
}

/** Above 1; of 1 itself. */
function smallestFactor(size: number): number {
  for (let factor = 2; factor * factor <= size; factor++) if (size % factor === 0) return factor;
  return size;
}
