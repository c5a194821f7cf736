import { defineOp } from "../ir/op.ts";
import { featureDims } from "./rules.ts";
import { anyShape } from "./samples.ts";

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
  onnx: (writer, [input], { reduction }) => [
    writer.node(reduction === "sum" ? "ReduceSum" : "ReduceMean", [input, writer.ints("spatial_axes", [2, 3])], { keepdims: 0 }),
  ],
  precise: ["ReduceSum", "ReduceMean"],
  torch: { kind: "function", call: ([input = ""], { reduction }) => `${input}.${reduction}(dim=(2, 3))` },
  sample: (choose) => ({ attrs: { reduction: choose.pick(["sum", "mean"] as const) }, inputs: [anyShape(choose)] }),
});
