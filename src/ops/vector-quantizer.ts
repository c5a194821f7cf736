import { must } from "../errors/must.ts";
import { defineOp, type ParamSpec } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { expectChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const vectorQuantizer = defineOp({
  name: "vectorQuantizer",
  doc:
    "Vector quantization (arXiv:1711.00937): at every position the entry of a learned codebook that is nearest. The gradient is that of the input " +
    "(straight-through).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input, and of every entry." },
    codes: { kind: "count", doc: "Entries of the codebook." },
    decay: {
      kind: "number",
      interval: { min: 0, max: 1 },
      default: 0,
      doc: "Of the exponential moving averages that entries are of what was nearest to them (arXiv:1711.00937 App. A.1): a buffer. 0: they learn by gradients.",
    },
  },
  params({ channels, codes, decay }) {
    const shape = [codes, channels];
    const weight: ParamSpec = { role: "weight", shape, init: { kind: "uniform", bound: 1 / codes } };
    if (decay === 0) return [weight];
    return [
      { ...weight, buffer: true },
      {
        role: "counts",
        shape: [codes],
        init: { kind: "constant", value: 1 },
        buffer: true,
        nonNegative: true,
        trainingOnly: true,
      },
      {
        role: "sums",
        shape,
        init: { kind: "computed", compute: (others) => must(others["weight"], "the entries") },
        buffer: true,
        trainingOnly: true,
      },
    ];
  },
  infer([input], { channels }) {
    expectChannels(input, channels, "channels");
    return [input];
  },
  macsRule: "input values · codes",
  macs: ([input], _, { codes }) => elementCount(input) * codes,
  lossTerms: ({ decay }) => (decay === 0 ? ["commitment", "codebook"] : ["commitment"]),
  onnx(writer, [input], { channels }) {
    const entries = writer.param("weight");
    // The nearest has the largest x·e − |e|²/2.
    const squares = writer.node("Mul", [entries, entries]);
    const halves = writer.constant(`halves_${channels}`, [channels, 1], Array<number>(channels).fill(0.5));
    const energy = writer.node("MatMul", [squares, halves]);
    const positions = writer.node("Reshape", [input, writer.ints(`positions_${channels}`, [0, channels, -1])]);
    const scores = writer.node("Sub", [writer.node("MatMul", [entries, positions]), energy]);
    const nearest = writer.node("ArgMax", [scores], { axis: 1, keepdims: 0 });
    const chosen = writer.node("Transpose", [writer.node("Gather", [entries, nearest])], { perm: [0, 2, 1] });
    return [writer.node("Reshape", [chosen, writer.node("Shape", [input])])];
  },
  // A float16 score decides for another entry.
  precise: ["Mul", "MatMul", "Sub"],
  // The chosen entries, which the terms of the loss compare with the input, and where these are learned their places, in int64.
  saves: ([input], _, { channels, decay }) => ({
    inputs: true,
    bytes: 4 * elementCount(input) + (decay === 0 ? 8 * (elementCount(input) / channels) : 0),
  }),
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("layers", "VectorQuantizer"),
    args: [{ attr: "channels" }, { attr: "codes" }, { attr: "decay", keyword: "decay", omit: 0 }],
  },
  sample(choose) {
    const shape = anyShape(choose);
    return { attrs: { channels: shape[1], codes: choose.int(1, 9), decay: choose.pick([0, 0.99]) }, inputs: [shape] };
  },
});
