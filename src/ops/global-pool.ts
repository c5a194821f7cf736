import { defineOp } from "../ir/op.ts";
import { isConstant, pyAttribute, pyCall, pyCompare, pyConstant, pyIf, pyInput, pyTuple, type PyExpr } from "../ir/python.ts";
import { featureDims } from "./rules.ts";
import { anyMap } from "./samples.ts";

export const globalPool = defineOp({
  name: "globalPool",
  doc: "Sum or mean over all positions: a vector per image.",
  attributes: {
    reduction: { kind: "choice", choices: ["sum", "mean"], doc: "What is taken of the positions." },
  },
  infer([input]) {
    const [n, c] = featureDims(input);
    return [[n, c]];
  },
  // Rows, then columns: in float32 one long sum loses what it adds.
  onnx(writer, [input], { reduction }) {
    const over = (of: string, axis: number): string =>
      writer.node(reduction === "sum" ? "ReduceSum" : "ReduceMean", [of, writer.ints(`axes_${axis}`, [axis])], { keepdims: 0 });
    return [over(over(input, 3), 2)];
  },
  precise: ["ReduceSum", "ReduceMean"],
  saves: () => ({}),
  torch: {
    kind: "function",
    call: (inputs, { reduction }) => {
      const over = (method: string): PyExpr =>
        pyCall(pyAttribute(pyInput(inputs), method), [], { dim: pyTuple([pyConstant(2), pyConstant(3)]) });
      if (isConstant(reduction, "sum") || isConstant(reduction, "mean"))
        return over(isConstant(reduction, "sum") ? "sum" : "mean");
      return pyIf(pyCompare("==", reduction, pyConstant("sum")), over("sum"), over("mean"));
    },
  },
  sample: (choose) => ({ attrs: { reduction: choose.pick(["sum", "mean"] as const) }, inputs: [anyMap(choose)] }),
});
