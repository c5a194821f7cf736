import { must } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { channelsOf, elementCount } from "../ir/shape.ts";
import { expectSameShapes, featureDims } from "./rules.ts";

export const attention = defineOp({
  name: "attention",
  doc: "Scaled dot-product attention between all positions; queries, keys and values are feature maps (Vaswani et al. 2017).",
  attributes: {
    heads: { kind: "count", default: 1, doc: "Heads that attend side by side, each over its own run of channels." },
  },
  infer(inputs, { heads }) {
    const shape = expectSameShapes(inputs);
    featureDims(shape);
    if (channelsOf(shape) % heads !== 0) {
      throw new ShapeError(`${heads} heads do not divide ${channelsOf(shape)} channels`, {
        expected: `heads that divide ${channelsOf(shape)}`,
        found: `heads: ${heads}`,
        help: "choose a divisor of the channel count",
      });
    }
    return [shape];
  },
  // Scores and weighted sum: tokens² · channels each.
  macs: ([query]) => 2 * elementCount(query) * elementCount(query.slice(2)),
  onnx(writer, inputs, { heads }) {
    const [query, key, value] = [0, 1, 2].map((i) => must(inputs[i], `input ${i} of attention`)) as [string, string, string];
    const size = channelsOf(writer.inputShapes[0]) / heads;
    const split = writer.ints(`heads_${heads}_${size}`, [0, heads, size, -1]);
    const tokens = (input: string): string =>
      writer.node("Transpose", [writer.node("Reshape", [input, split])], { perm: [0, 1, 3, 2] });
    const scale = writer.constant(`attention_scale_${size}`, [], [1 / Math.sqrt(size)]);
    const scores = writer.node("MatMul", [writer.node("Mul", [tokens(query), scale]), writer.node("Reshape", [key, split])]);
    const mixed = writer.node("MatMul", [writer.node("Softmax", [scores], { axis: -1 }), tokens(value)]);
    const joined = writer.node("Transpose", [mixed], { perm: [0, 1, 3, 2] });
    return [writer.node("Reshape", [joined, writer.node("Shape", [value])])];
  },
  precise: ["MatMul", "Softmax"],
  // Queries, keys and values as tokens, which are copies, and the logarithm of every softmax's sum. Of one channel in all no copies are made, and
  // torch takes another kernel, which keeps scores, unless there is one position alone.
  saves([query], _, { heads }) {
    const [values, perToken, tokens] = [query, query.toSpliced(1, 1), query.slice(2)].map(elementCount) as [
      number,
      number,
      number,
    ];
    if (values === perToken && tokens > 1) return { inputs: true, bytes: 4 * perToken * tokens };
    return { outputs: true, bytes: 4 * (3 * values + heads * perToken) };
  },
  torch: {
    kind: "function",
    call: (inputs, { heads }) => pyCall(pySymbol("layers", "attention"), inputs, torchKeyword("heads", heads, 1)),
  },
  sample(choose) {
    const heads = choose.int(1, 3);
    const shape = [choose.int(1, 2), heads * choose.int(1, 4), choose.int(1, 5), choose.int(1, 5)];
    return { attrs: { heads }, inputs: [shape, shape, shape] };
  },
});
