import { must, type NonEmpty } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { constantDim, fixedSize } from "../ir/dim.ts";
import { defineOp, torchKeyword, type Saves } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { elementCount, formatShape, type Shape } from "../ir/shape.ts";
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

export const attention = defineOp({
  name: "attention",
  doc:
    "Scaled dot-product attention of every position of the queries to all of the keys and values, maps or token sequences (Vaswani et al. 2017). " +
    "What comes out has the positions of the queries and the channels of the values. A fourth input is a bias, added to the scores: a number for every head, query and key.",
  inputs: { least: 3, most: 4 },
  attributes: {
    heads: { kind: "count", default: 1, doc: "Heads that attend side by side, each over its own run of channels." },
  },
  infer(inputs, { heads }) {
    const output = attendedShape(inputs, heads);
    expectBias(inputs, heads);
    return [output];
  },
  // Scores, and the weighted sum of values.
  macsRule: "pairs of a query and a key · (query channels + value channels)",
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
    const bias = inputs[3];
    const biased = bias === undefined ? scores : writer.node("Add", [scores, bias]);
    const weights = writer.node("Softmax", [biased], { axis: -1 });
    const mixed = writer.node("MatMul", [weights, turned(splitHeads(writer, value, heads, width))]);
    return [joinHeads(writer, turned(mixed), inputs)];
  },
  precise: ["MatMul", "Softmax"],
  saves: (inputs, _, { heads }) => savedBy(attendedCounts(inputs), heads),
  reach: attendedReach,
  torch: {
    kind: "function",
    call: (inputs, { heads }) => pyCall(pySymbol("layers", "attention"), inputs, torchKeyword("heads", heads, 1)),
  },
  sample(choose) {
    const heads = choose.int(1, 3);
    return { attrs: { heads }, inputs: attendedSample(choose, heads) };
  },
});

/** Refuses a bias of other heads or positions than there are. */
function expectBias(inputs: NonEmpty<Shape>, heads: number): void {
  const bias = inputs[3];
  if (bias === undefined) return;
  const [query, key] = attended(inputs);
  const positions = [query, key].map((shape) => {
    const sizes = shape.slice(2).map(fixedSize);
    return sizes.includes(undefined) ? undefined : elementCount(sizes.map((size) => must(size, "a size")));
  });
  const [queries, keys] = positions;
  if (queries === undefined || keys === undefined) {
    throw new ShapeError("the bias has a number for every position, and the positions of an image are not fixed", {
      expected: "queries and keys of fixed length",
      found: formatShape(queries === undefined ? query : key),
      help: "windowAttention has fixed positions in every window, with a relativePositionBias; adaptiveAvgPool2d makes a map of fixed sides",
    });
  }
  const wanted = [heads, queries, keys];
  if (bias.length === 3 && bias.every((dim, axis) => fixedSize(dim) === wanted[axis])) return;
  throw new ShapeError("the bias is that of other heads or positions", {
    expected: formatShape(wanted.map(constantDim)),
    found: formatShape(bias),
    help: "make it by parameter({ shape: [heads, queries, keys] })",
  });
}

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
