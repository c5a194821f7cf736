import { sidesOf } from "../ir/attributes.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { adaptiveAttributes, adaptiveSample, adaptiveShape, cellsAlong, preciseCells } from "./adaptive-cells.ts";

export const adaptiveMaxPool2d = defineOp({
  name: "adaptiveMaxPool2d",
  doc: "Maximum over as many cells as the output has, whatever the sides of the map are; where they do not divide these, neighbouring cells share a row or column.",
  attributes: adaptiveAttributes,
  infer: ([input], attrs) => [adaptiveShape(input, attrs)],
  onnx(writer, [input], { outputSize }) {
    const [rows, columns] = sidesOf(outputSize);
    const axes = (axis: number): string => writer.ints(`axes_${axis}`, [axis]);
    // What lies outside of a cell goes below every value: 0 is added inside.
    const [one, depth] = [writer.constant("number_1", [], [1]), writer.constant("below_every_value", [], [1e38])];
    const below = (axis: 2 | 3, cells: number): string =>
      writer.node("Mul", [writer.node("Sub", [cellsAlong(writer, input, axis, cells).inside, one]), depth]);
    const largest = (values: string, penalties: string, axis: number): string =>
      writer.node("ReduceMax", [writer.node("Add", [values, penalties]), axes(axis)], { keepdims: 0 });
    // [N, C, rows, H, W], then [N, C, rows, columns, W].
    const inRows = largest(writer.node("Unsqueeze", [input, axes(2)]), writer.node("Unsqueeze", [below(2, rows), axes(4)]), 3);
    return [largest(writer.node("Unsqueeze", [inRows, axes(3)]), writer.node("Unsqueeze", [below(3, columns), axes(2)]), 4)];
  },
  precise: [...preciseCells, "Unsqueeze", "ReduceMax"],
  // The places of the maxima, in int64.
  saves: (_, [output]) => ({ inputs: true, bytes: 8 * elementCount(output) }),
  reach: () => "everything",
  torch: {
    kind: "function",
    call: (inputs, { outputSize }) => pyCall(pySymbol("F", "adaptive_max_pool2d"), [pyInput(inputs), outputSize]),
  },
  sample: adaptiveSample,
});
