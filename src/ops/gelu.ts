import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { elementwise } from "./elementwise.ts";
import { anyShape } from "./samples.ts";

export const gelu = defineOp({
  name: "gelu",
  doc: "Gaussian error linear unit: x · Φ(x) (Hendrycks and Gimpel 2016).",
  attributes: {
    approximate: {
      kind: "choice",
      choices: ["none", "tanh"],
      default: "none",
      doc: "none computes the error function; tanh approximates it, as GPT-2 and many that came after do.",
    },
  },
  infer: elementwise.infer,
  onnx(writer, [input], { approximate }) {
    const number = (name: string, value: number): string => writer.constant(name, [], [value]);
    const one = number("one", 1);
    const half = number("half", 0.5);
    const times = (a: string, b: string): string => writer.node("Mul", [a, b]);
    if (approximate === "none") {
      const error = writer.node("Erf", [writer.node("Div", [input, number("sqrt_2", Math.SQRT2)])]);
      return [times(times(input, writer.node("Add", [error, one])), half)];
    }
    const cubed = times(input, times(input, input));
    const inner = writer.node("Add", [input, times(cubed, number("gelu_cubic", 0.044715))]);
    const bent = writer.node("Tanh", [times(inner, number("sqrt_2_over_pi", Math.sqrt(2 / Math.PI)))]);
    return [times(times(input, writer.node("Add", [bent, one])), half)];
  },
  // A cube overflows float16 from 41 on.
  precise: ["Mul", "Add", "Tanh", "Erf", "Div"],
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { approximate }) =>
      pyCall(pySymbol("F", "gelu"), [pyInput(inputs)], torchKeyword("approximate", approximate, "none")),
  },
  sample: (choose) => ({ attrs: { approximate: choose.pick(["none", "tanh"] as const) }, inputs: [anyShape(choose)] }),
});
