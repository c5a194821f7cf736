import { defineOp } from "../ir/op.ts";
import { pyBinary } from "../ir/python.ts";
import { broadcastShape } from "./rules.ts";
import { operandShapes } from "./samples.ts";

export const add = defineOp({
  name: "add",
  doc: "Sum, element by element; one value for many is repeated.",
  inputs: 2,
  infer: (inputs) => [broadcastShape(inputs)],
  onnx: (writer, inputs) => [writer.node("Add", inputs)],
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => inputs.reduce((left, right) => pyBinary("+", left, right)) },
  sample: (choose) => ({ attrs: {}, inputs: operandShapes(choose) }),
});
