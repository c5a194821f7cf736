import { constantDim } from "../ir/dim.ts";
import { defineOp, inputsOf } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";

/** A number for each distance along both sides of a window, and each head. */
export function tableShape(windowSize: number, heads: number): readonly [number, number] {
  return [(2 * windowSize - 1) ** 2, heads];
}

export const relativePositionBias = defineOp({
  name: "relativePositionBias",
  doc:
    "The learned table of what is added to the scores of windowAttention: a number for each of (2·windowSize − 1)² distances between two positions of a window and " +
    "each head. It is read by calling it with nothing.",
  attributes: {
    windowSize: { kind: "count", doc: "Positions along each side of a window." },
    heads: { kind: "count", default: 1, doc: "Heads of the attention." },
  },
  source: true,
  params: ({ windowSize, heads }) => [
    { role: "", shape: tableShape(windowSize, heads), init: { kind: "normal", deviation: 0.02 } },
  ],
  infer: (_, { windowSize, heads }) => [tableShape(windowSize, heads).map(constantDim)],
  onnx: (writer) => [writer.param("")],
  saves: () => ({}),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "relative_position_bias"),
    args: [{ attr: "windowSize" }, { attr: "heads", keyword: "heads", omit: 1 }],
    read: true,
  },
  sample: (choose) => ({
    attrs: { windowSize: choose.int(1, 4), heads: choose.int(1, 3) },
    inputs: inputsOf({ name: "relativePositionBias", source: true }, []),
  }),
});
