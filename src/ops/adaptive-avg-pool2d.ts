import { sidesOf } from "../ir/attributes.ts";
import { constantDim } from "../ir/dim.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { onesLike } from "./position-mean.ts";
import { featureDims } from "./rules.ts";
import { anyMap } from "./samples.ts";

export const adaptiveAvgPool2d = defineOp({
  name: "adaptiveAvgPool2d",
  doc: "Mean over as many cells as the output has, whatever the sides of the map are; where they do not divide these, neighbouring cells share a row or column.",
  attributes: {
    outputSize: { kind: "pair", doc: "Sides of the output." },
  },
  infer([input], { outputSize }) {
    const [n, c] = featureDims(input);
    return [[n, c, ...sidesOf(outputSize).map(constantDim)]];
  },
  onnx(writer, [input], { outputSize }) {
    const [rows, columns] = sidesOf(outputSize);
    const across = writer.node("Transpose", [cellWeights(writer, input, 3, columns)], { perm: [0, 1, 3, 2] });
    return [writer.node("MatMul", [cellWeights(writer, input, 2, rows), writer.node("MatMul", [input, across])])];
  },
  // Places along a side, beyond what float16 counts.
  precise: ["Mul", "Add", "Sub", "Div", "Clip", "CumSum", "Floor", "Ceil", "MatMul"],
  // A single cell is a mean, which keeps nothing.
  saves: (_inputs, _outputs, { outputSize }) => (sidesOf(outputSize).every((side) => side === 1) ? {} : { inputs: true }),
  torch: {
    kind: "function",
    call: (inputs, { outputSize }) => pyCall(pySymbol("F", "adaptive_avg_pool2d"), [pyInput(inputs), outputSize]),
  },
  sample: (choose) => ({
    attrs: { outputSize: choose.pick([1, 2, 3, [2, 5], [7, 1]] as const) },
    inputs: [anyMap(choose)],
  }),
});

/**
 * What each of `cells` along an axis takes of every position there, [N, 1, cells, positions]: cell i reaches from ⌊i·size/cells⌋ to ⌈(i + 1)·size/cells⌉. ONNX has
 * pools of fixed windows alone.
 */
function cellWeights(writer: OnnxWriter, map: string, axis: 2 | 3, cells: number): string {
  const number = (value: number): string => writer.constant(`number_${value}`, [], [value]);
  const column = (first: number): string =>
    writer.constant(
      `counted_from_${first}_${cells}`,
      [cells, 1],
      Array.from({ length: cells }, (_, i) => first + i),
    );
  const at = (place: number): string => writer.ints(`index_${place}`, [place]);
  const beyond = 2 ** 31 - 1;
  // One position of the other axis, one channel: [N, 1, 1, positions].
  const other = 5 - axis;
  const line = writer.node("Slice", [
    map,
    writer.ints("index_0_0", [0, 0]),
    writer.ints("index_1_1", [1, 1]),
    writer.ints(`index_1_${other}`, [1, other]),
  ]);
  const lying = axis === 3 ? line : writer.node("Transpose", [line], { perm: [0, 1, 3, 2] });
  const places = writer.node("CumSum", [onesLike(writer, lying), at(3)]);
  const size = writer.node("Slice", [places, at(-1), at(beyond), at(3)]);
  const edge = (first: number, rounding: "Floor" | "Ceil"): string =>
    writer.node(rounding, [writer.node("Div", [writer.node("Mul", [column(first), size]), number(cells)])]);
  const [begin, end] = [edge(0, "Floor"), edge(1, "Ceil")];
  const limited = (value: string): string => writer.node("Clip", [value, number(0), number(1)]);
  // Places count from 1: of a cell are those above its begin, up to its end.
  const inside = writer.node("Mul", [
    limited(writer.node("Sub", [places, begin])),
    limited(writer.node("Add", [writer.node("Sub", [end, places]), number(1)])),
  ]);
  return writer.node("Div", [inside, writer.node("Sub", [end, begin])]);
}
