import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { expectChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const prelu = defineOp({
  name: "prelu",
  doc: "Parametric rectified linear unit: negative values times a learned slope per channel (He et al. 2015).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
  },
  params: ({ channels }) => [{ role: "weight", shape: [channels], init: { kind: "constant", value: 0.25 } }],
  infer([input], { channels }) {
    expectChannels(input, channels, "channels");
    return [input];
  },
  onnx(writer, [input], { channels }) {
    const over = writer.inputShapes[0].slice(2).map(() => 1);
    return [writer.node("PRelu", [input, writer.param("weight", [channels, ...over])])];
  },
  reach: () => "place",
  torch: { kind: "module", callee: pySymbol("nn", "PReLU"), args: [{ attr: "channels" }] },
  sample(choose) {
    const shape = anyShape(choose);
    return { attrs: { channels: shape[1] }, inputs: [shape] };
  },
});
