import { plusDim } from "../ir/dim.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol, pyTuple } from "../ir/python.ts";
import { featureDims } from "./rules.ts";
import { anyMap } from "./samples.ts";
import { windowReach } from "./windows.ts";

export const pad = defineOp({
  name: "pad",
  doc: "Zero padding of each side by its own amount.",
  attributes: {
    top: { kind: "count", min: 0, default: 0, doc: "Rows of zeros above." },
    left: { kind: "count", min: 0, default: 0, doc: "Columns of zeros before the first." },
    bottom: { kind: "count", min: 0, default: 0, doc: "Rows of zeros below." },
    right: { kind: "count", min: 0, default: 0, doc: "Columns of zeros after the last." },
  },
  infer([input], { top, left, bottom, right }) {
    const [n, c, h, w] = featureDims(input);
    return [[n, c, plusDim(h, top + bottom), plusDim(w, left + right)]];
  },
  onnx: (writer, [input], { top, left, bottom, right }) => [
    writer.node("Pad", [input, writer.ints(`pads_${top}_${left}_${bottom}_${right}`, [0, 0, top, left, 0, 0, bottom, right])]),
  ],
  saves: () => ({}),
  reach: ({ top, left }) => windowReach({ padding: [top, left] }),
  torch: {
    kind: "function",
    call: (inputs, { top, left, bottom, right }) =>
      pyCall(pySymbol("F", "pad"), [pyInput(inputs), pyTuple([left, right, top, bottom])]),
  },
  sample: (choose) => ({
    attrs: { top: choose.int(0, 2), left: choose.int(0, 2), bottom: choose.int(0, 2), right: choose.int(0, 2) },
    inputs: [anyMap(choose)],
  }),
});
