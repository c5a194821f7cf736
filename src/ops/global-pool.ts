import { defineOp } from "../ir/op.ts";
import { isConstant, pyAttribute, pyCall, pyCompare, pyConstant, pyIf, pyInput, pyTuple, type PyExpr } from "../ir/python.ts";
import { positionMean, positionSum, precisePositionMean } from "./position-mean.ts";
import { channelsOf } from "../ir/shape.ts";
import { featureDims } from "./rules.ts";
import { anyMap } from "./samples.ts";

const choices = ["sum", "mean", "max"] as const;
const torchReductions = { sum: "sum", mean: "mean", max: "amax" } as const;

export const globalPool = defineOp({
  name: "globalPool",
  doc: "Sum, mean or maximum over all positions: a vector per image.",
  attributes: {
    reduction: { kind: "choice", choices, doc: "What is taken of the positions." },
  },
  infer([input]) {
    const [n, c] = featureDims(input);
    return [[n, c]];
  },
  onnx(writer, [input], { reduction }) {
    const channels = channelsOf(writer.inputShapes[0]);
    const toVector = (of: string): string => writer.node("Reshape", [of, writer.ints(`vector_${channels}`, [0, channels])]);
    if (reduction === "mean") return [toVector(positionMean(writer, input, channels))];
    if (reduction === "max") return [toVector(writer.node("GlobalMaxPool", [input]))];
    if (!writer.reduces) return [toVector(positionSum(writer, input, channels))];
    // Rows, then columns: in float32 one long sum loses what it adds.
    const over = (of: string, axis: number): string =>
      writer.node("ReduceSum", [of, writer.ints(`axes_${axis}`, [axis])], { keepdims: 0 });
    return [over(over(input, 3), 2)];
  },
  precise: [...precisePositionMean, "ReduceSum", "MatMul"],
  saves: (_inputs, _outputs, { reduction }) => (reduction === "max" ? { inputs: true, outputs: true } : {}),
  reach: () => "everything",
  torch: {
    kind: "function",
    call: (inputs, { reduction }) => {
      const over = (method: string): PyExpr =>
        pyCall(pyAttribute(pyInput(inputs), method), [], { dim: pyTuple([pyConstant(2), pyConstant(3)]) });
      const found = choices.find((choice) => isConstant(reduction, choice));
      if (found !== undefined) return over(torchReductions[found]);
      return (["sum", "max"] as const).reduce(
        (otherwise, choice) => pyIf(pyCompare("==", reduction, pyConstant(choice)), over(torchReductions[choice]), otherwise),
        over("mean"),
      );
    },
  },
  sample: (choose) => ({ attrs: { reduction: choose.pick(["sum", "max", "mean"] as const) }, inputs: [anyMap(choose)] }),
});
