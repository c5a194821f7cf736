import { defineOp } from "../ir/op.ts";
import { pyBinary } from "../ir/python.ts";
import { broadcastShape } from "./rules.ts";
import { operandShapes } from "./samples.ts";

export const div = defineOp({
  name: "div",
  doc: "Quotient, element by element; one value for many is repeated.",
  inputs: 2,
  infer: (inputs) => [broadcastShape(inputs)],
  onnx: (writer, inputs) => [writer.node("Div", inputs)],
  precise: ["Div"],
  reach: () => "place",
  saves: (_inputs, _outputs, _attrs, [, divisor = true]) => ({ inputs: [divisor, true] }),
  torch: { kind: "function", call: (inputs) => inputs.reduce((left, right) => pyBinary("/", left, right)) },
  sample: (choose) => ({ attrs: {}, inputs: operandShapes(choose) }),
});
