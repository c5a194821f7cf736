import { defineOp, torchKeyword, type Saves } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { attended, attendedCounts, attendedSample, attendedShape, headSizes, joinHeads, splitHeads } from "./attending.ts";

export const attention = defineOp({
  name: "attention",
  doc:
    "Scaled dot-product attention of every position of the queries to all of the keys and values, maps or token sequences (Vaswani et al. 2017). " +
    "What comes out has the positions of the queries and the channels of the values.",
  inputs: 3,
  attributes: {
    heads: { kind: "count", default: 1, doc: "Heads that attend side by side, each over its own run of channels." },
  },
  infer: (inputs, { heads }) => [attendedShape(inputs, heads)],
  // Scores, and the weighted sum of values.
  macs(inputs) {
    const { batch, queries, keys, size, width } = attendedCounts(inputs);
    return batch * queries * keys * (size + width);
  },
  onnx(writer, inputs, { heads }) {
    const [query, key, value] = attended(inputs);
    const [size, width] = headSizes(writer, heads);
    const turned = (input: string): string => writer.node("Transpose", [input], { perm: [0, 1, 3, 2] });
    const scale = writer.constant(`attention_scale_${size}`, [], [1 / Math.sqrt(size)]);
    const scores = writer.node("MatMul", [
      writer.node("Mul", [turned(splitHeads(writer, query, heads, size)), scale]),
      splitHeads(writer, key, heads, size),
    ]);
    const weights = writer.node("Softmax", [scores], { axis: -1 });
    const mixed = writer.node("MatMul", [weights, turned(splitHeads(writer, value, heads, width))]);
    return [joinHeads(writer, turned(mixed), inputs)];
  },
  precise: ["MatMul", "Softmax"],
  saves: (inputs, _, { heads }) => savedBy(attendedCounts(inputs), heads),
  torch: {
    kind: "function",
    call: (inputs, { heads }) => pyCall(pySymbol("layers", "attention"), inputs, torchKeyword("heads", heads, 1)),
  },
  sample(choose) {
    const heads = choose.int(1, 3);
    return { attrs: { heads }, inputs: attendedSample(choose, heads) };
  },
});

/**
 * Queries, keys and values as tokens, which are copies, and the logarithm of every softmax's sum. Where values have other channels than keys, or there is
 * one channel in all, torch takes another kernel, which keeps scores.
 */
function savedBy({ batch, queries, keys, size, width }: ReturnType<typeof attendedCounts>, heads: number): Saves {
  const tokens = queries * size + keys * (size + width);
  const isFused = size === width && (size > 1 || queries * keys === 1);
  if (isFused) return { outputs: true, bytes: 4 * batch * (tokens + heads * queries) };
  return { bytes: 4 * batch * (tokens + heads * queries * keys) };
}
