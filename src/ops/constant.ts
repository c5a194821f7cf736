import { defineOp, inputsOf } from "../ir/op.ts";

export const constant = defineOp({
  name: "constant",
  doc: "A number in the author's code, as an operand.",
  attributes: {
    value: { kind: "number", doc: "The number." },
  },
  source: true,
  infer: () => [[]],
  onnx: (writer, _, { value }) => [writer.constant(`value_${value}`, [], [value])],
  saves: () => ({}),
  torch: { kind: "function", call: (_, { value }) => value },
  sample: (choose) => ({
    attrs: { value: choose.pick([2, 0.5, -1.25]) },
    inputs: inputsOf({ name: "constant", source: true }, []),
  }),
});
