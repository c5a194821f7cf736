import { defineOp } from "../ir/op.ts";
import { otherFactors } from "./elementwise.ts";
import { pyBinary } from "../ir/python.ts";
import { broadcastShape } from "./rules.ts";
import { operandShapes } from "./samples.ts";

export const mul = defineOp({
  name: "mul",
  doc: "Product, element by element; one value for many is repeated.",
  inputs: 2,
  infer: (inputs) => [broadcastShape(inputs)],
  onnx: (writer, inputs) => [writer.node("Mul", inputs)],
  reach: () => "place",
  saves: (_inputs, _outputs, _attrs, learns) => ({ inputs: otherFactors(learns) }),
  torch: { kind: "function", call: (inputs) => inputs.reduce((left, right) => pyBinary("*", left, right)) },
  sample: (choose) => ({ attrs: {}, inputs: operandShapes(choose) }),
});
