import { sidesOf } from "../ir/attributes.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { adaptiveAttributes, adaptiveSample, adaptiveShape, cellsAlong, preciseCells } from "./adaptive-cells.ts";

export const adaptiveAvgPool2d = defineOp({
  name: "adaptiveAvgPool2d",
  doc: "Mean over as many cells as the output has, whatever the sides of the map are; where they do not divide these, neighbouring cells share a row or column.",
  attributes: adaptiveAttributes,
  infer: ([input], attrs) => [adaptiveShape(input, attrs)],
  onnx(writer, [input], { outputSize }) {
    const [rows, columns] = sidesOf(outputSize);
    const weights = (axis: 2 | 3, cells: number): string => {
      const { inside, sizes } = cellsAlong(writer, input, axis, cells);
      return writer.node("Div", [inside, sizes()]);
    };
    const across = writer.node("Transpose", [weights(3, columns)], { perm: [0, 1, 3, 2] });
    return [writer.node("MatMul", [weights(2, rows), writer.node("MatMul", [input, across])])];
  },
  precise: [...preciseCells, "MatMul"],
  // A single cell is a mean, which keeps nothing.
  saves: (_inputs, _outputs, { outputSize }) => (sidesOf(outputSize).every((side) => side === 1) ? {} : { inputs: true }),
  reach: () => "everything",
  torch: {
    kind: "function",
    call: (inputs, { outputSize }) => pyCall(pySymbol("F", "adaptive_avg_pool2d"), [pyInput(inputs), outputSize]),
  },
  sample: adaptiveSample,
});
