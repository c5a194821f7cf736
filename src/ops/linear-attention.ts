import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { onesLike } from "./position-mean.ts";
import {
  attended,
  attendedCounts,
  attendedReach,
  attendedSample,
  attendedShape,
  headSizes,
  joinHeads,
  splitHeads,
} from "./attending.ts";

export const linearAttention = defineOp({
  name: "linearAttention",
  doc:
    "Attention whose weights are relu(query)·relu(key) over their sum: values times keys are summed over all positions once, so that its cost grows with " +
    "the positions, not with their square (Cai et al. 2023).",
  inputs: 3,
  attributes: {
    heads: { kind: "count", default: 1, doc: "Heads that attend side by side, each over its own run of channels." },
    eps: { kind: "number", interval: { min: 0, max: 1, open: true }, default: 1e-15, doc: "Added to the sum of the weights." },
  },
  infer: (inputs, { heads }) => [attendedShape(inputs, heads)],
  // Values times keys, and both these and the sum of keys times queries.
  macsRule: "query channels/heads · (keys · value channels + queries · (value channels + heads))",
  macs(inputs, _, { heads }) {
    const { batch, queries, keys, size, width } = attendedCounts(inputs);
    return (batch * size * (keys * width + queries * (width + heads))) / heads;
  },
  onnx(writer, inputs, { heads, eps }) {
    const [query, key, value] = attended(inputs);
    const [size, width] = headSizes(writer, heads);
    const keys = splitHeads(writer, writer.node("Relu", [key]), heads, size);
    const turned = writer.node("Transpose", [keys], { perm: [0, 1, 3, 2] });
    const at = (place: number): string => writer.ints(`at_${place}`, [place]);
    const rows = (of: string, start: number, stop: number): string => writer.node("Slice", [of, at(start), at(stop), at(2)]);
    const values = splitHeads(writer, value, heads, width);
    // A row of ones below the values gives the sum of the keys: made as the others are, what float32 loses of long sums of like numbers leaves the
    // quotient, which a ReduceSum of rows beside it changed by 2e-4 on flat maps. pnnx, too, loses the axis of a reduction and reads this.
    const weighted = writer.node("Concat", [values, onesLike(writer, rows(values, 0, 1))], { axis: 2 });
    const sums = writer.node("MatMul", [weighted, turned]);
    const mixed = writer.node("MatMul", [sums, splitHeads(writer, writer.node("Relu", [query]), heads, size)]);
    const total = writer.node("Add", [rows(mixed, width, width + 1), writer.constant(`eps_${eps}`, [], [eps])]);
    return [joinHeads(writer, writer.node("Div", [rows(mixed, 0, width), total]), inputs)];
  },
  precise: ["MatMul", "Concat", "Slice", "Mul", "Add", "Div"],
  // What relu gives of queries and keys, the values, sums over positions, what they give for every query, and what that is divided by.
  saves(inputs, _, { heads }) {
    const { batch, queries, keys, size, width } = attendedCounts(inputs);
    const sums = ((width + heads) * size) / heads;
    return { bytes: 4 * batch * (queries * size + keys * (size + width) + sums + queries * (width + 2 * heads)) };
  },
  reach: attendedReach,
  torch: {
    kind: "function",
    call: (inputs, { heads, eps }) =>
      pyCall(pySymbol("layers", "linear_attention"), inputs, {
        ...torchKeyword("heads", heads, 1),
        ...torchKeyword("eps", eps, 1e-15),
      }),
  },
  sample(choose) {
    const heads = choose.int(1, 3);
    return { attrs: { heads, eps: choose.pick([1e-5, 1e-15]) }, inputs: attendedSample(choose, heads) };
  },
});
