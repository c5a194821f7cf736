import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { elementwise } from "./elementwise.ts";

export const lfq = defineOp({
  name: "lfq",
  doc:
    "Lookup-free quantization (arXiv:2310.05737 §3.1): every value becomes 1 where it is above 0 and −1 elsewhere, so that C channels make a codebook of 2^C " +
    "entries. The gradient is that of the input (straight-through).",
  infer: elementwise.infer,
  lossTerms: () => ["commitment", "entropy"],
  onnx(writer, [input]) {
    // Of 0 the sign is 0, and its code is −1: sign + |sign| − 1.
    const sign = writer.node("Sign", [input]);
    return [writer.node("Sub", [writer.node("Add", [sign, writer.node("Abs", [sign])]), writer.constant("number_1", [], [1])])];
  },
  // For the terms of the loss: codes, logits, their softplus and their probabilities.
  saves: ([input]) => ({ inputs: true, bytes: 4 * 4 * elementCount(input) }),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("layers", "lfq"), [pyInput(inputs)]) },
  sample: elementwise.sample,
});
