import { defineOp } from "../ir/op.ts";
import { pyBinary } from "../ir/python.ts";
import { expectSameShapes } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const mul = defineOp({
  name: "mul",
  doc: "Elementwise product of equal shapes.",
  infer: (inputs) => [expectSameShapes(inputs)],
  onnx: (writer, inputs) => [writer.node("Mul", inputs)],
  torch: { kind: "function", call: (inputs) => inputs.reduce((product, input) => pyBinary("*", product, input)) },
  sample(choose) {
    const shape = anyShape(choose);
    return { attrs: {}, inputs: [shape, shape] };
  },
});
