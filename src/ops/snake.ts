import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { expectChannels, featureDims } from "./rules.ts";

export const snake = defineOp({
  name: "snake",
  doc: "x + sin²(αx)/α with a learned α per channel (Ziyin et al. 2020).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
  },
  params: ({ channels }) => [{ role: "alpha", shape: [1, channels, 1, 1], init: { kind: "constant", value: 1 } }],
  infer([input], { channels }) {
    featureDims(input);
    expectChannels(input, channels, "channels");
    return [input];
  },
  onnx(writer, [input]) {
    const alpha = writer.param("alpha");
    const sine = writer.node("Sin", [writer.node("Mul", [alpha, input])]);
    const divisor = writer.node("Add", [alpha, writer.constant("snake_eps", [], [1e-9])]);
    return [writer.node("Add", [input, writer.node("Div", [writer.node("Mul", [sine, sine]), divisor])])];
  },
  precise: ["Sin", "Mul", "Div", "Add"],
  // αx, its sine and the square.
  saves: ([input]) => ({ inputs: true, bytes: 12 * elementCount(input) }),
  reach: () => "place",
  torch: { kind: "module", callee: pySymbol("layers", "Snake"), args: [{ attr: "channels" }] },
  sample(choose) {
    const shape = [choose.int(1, 3), choose.int(1, 5), choose.int(1, 7), choose.int(1, 7)] as const;
    return { attrs: { channels: shape[1] }, inputs: [shape] };
  },
});
