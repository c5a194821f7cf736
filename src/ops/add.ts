import { defineOp } from "../ir/op.ts";
import { pyBinary } from "../ir/python.ts";
import { expectSameShapes } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const add = defineOp({
  name: "add",
  doc: "Elementwise sum of equal shapes.",
  infer: (inputs) => [expectSameShapes(inputs)],
  onnx: (writer, inputs) => [writer.node("Add", inputs)],
  saves: () => ({}),
  torch: { kind: "function", call: (inputs) => inputs.reduce((sum, input) => pyBinary("+", sum, input)) },
  sample(choose) {
    const shape = anyShape(choose);
    return { attrs: {}, inputs: [shape, shape] };
  },
});
