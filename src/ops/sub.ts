import { defineOp } from "../ir/op.ts";
import { pyBinary } from "../ir/python.ts";
import { broadcastShape } from "./rules.ts";
import { operandShapes } from "./samples.ts";

export const sub = defineOp({
  name: "sub",
  doc: "Difference, element by element; one value for many is repeated.",
  inputs: 2,
  infer: (inputs) => [broadcastShape(inputs)],
  onnx: (writer, inputs) => [writer.node("Sub", inputs)],
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => inputs.reduce((left, right) => pyBinary("-", left, right)) },
  sample: (choose) => ({ attrs: {}, inputs: operandShapes(choose) }),
});
