import { nonEmpty } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { sameDim, type Dim } from "../ir/dim.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyConstant, pyList, pySymbol } from "../ir/python.ts";
import { channelsOf, formatShape } from "../ir/shape.ts";
import { expectSameKind, isNearly, nearlyAlike, replaceChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const concat = defineOp({
  name: "concat",
  doc: "Joins along the channels.",
  inputs: { least: 1, most: Infinity },
  infer(inputs) {
    const [first, ...rest] = inputs;
    expectSameKind(inputs);
    for (const other of rest) {
      if (!first.every((dim, axis) => axis === 1 || sameDim(dim, other[axis] as Dim))) {
        throw new ShapeError("the operands differ in more than their channels", {
          expected: formatShape(replaceChannels(first, channelsOf(other))),
          found: formatShape(other),
          help: isNearly(first, other)
            ? nearlyAlike
            : "bring all operands to the same resolution first, for example with avgPool2d or upsample",
        });
      }
    }
    return [
      replaceChannels(
        first,
        inputs.reduce((sum, shape) => sum + channelsOf(shape), 0),
      ),
    ];
  },
  onnx: (writer, inputs) => [writer.node("Concat", inputs, { axis: 1 })],
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("torch", "cat"), [pyList(inputs)], { dim: pyConstant(1) }) },
  sample(choose) {
    const shape = anyShape(choose);
    const other = (): readonly number[] => shape.map((size, axis) => (axis === 1 ? choose.int(1, 5) : size));
    return { attrs: {}, inputs: nonEmpty(Array.from({ length: choose.int(1, 4) }, other), "an operand") };
  },
});
