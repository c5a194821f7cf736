import type { OnnxWriter } from "../ir/onnx.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { affineOf, epsInterval, expectChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const rmsNorm = defineOp({
  name: "rmsNorm",
  doc: "Divides by the root of the mean square over the channels, at every position of a map or token sequence, or of a vector (Zhang and Sennrich 2019).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
    eps: { kind: "number", interval: epsInterval, default: 1e-5, doc: "Added to the mean square." },
    bias: { kind: "flag", default: false, doc: "Whether a learned number is added to every channel." },
  },
  params: ({ channels, bias }) => affineOf(channels, bias),
  infer([input], { channels }) {
    expectChannels(input, channels, "channels");
    return [input];
  },
  onnx(writer, [input], { channels, eps, bias }) {
    const perChannel = [channels, ...writer.inputShapes[0].slice(2).map(() => 1)];
    const square = channelMean(writer, writer.node("Mul", [input, input]), channels);
    const root = writer.node("Sqrt", [writer.node("Add", [square, writer.constant(`eps_${eps}`, [], [eps])])]);
    const normed = writer.node("Mul", [writer.node("Div", [input, root]), writer.param("weight", perChannel)]);
    return [bias ? writer.node("Add", [normed, writer.param("bias", perChannel)]) : normed];
  },
  precise: ["Mul", "ReduceMean", "Conv", "Add", "Sqrt", "Div"],
  // 1/root of every position, and what the weight is multiplied with.
  saves: ([input]) => ({ inputs: true, bytes: 4 * (elementCount(input) + elementCount(input.toSpliced(1, 1))) }),
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("layers", "ChannelRMSNorm"),
    args: [{ attr: "channels" }, { attr: "eps", keyword: "eps", omit: 1e-5 }, { attr: "bias", keyword: "bias", omit: false }],
  },
  sample(choose) {
    const shape = anyShape(choose);
    return { attrs: { channels: shape[1], eps: choose.pick([1e-5, 1e-6]), bias: choose.pick([true, false]) }, inputs: [shape] };
  },
});

/** The mean of the channels at every position. pnnx loses the axis of a reduction, and reads a convolution with equal weights, which maps alone have. */
function channelMean(writer: OnnxWriter, of: string, channels: number): string {
  if (writer.reduces || writer.inputShapes[0].length !== 4) return writer.node("ReduceMean", [of, writer.ints("axes_1", [1])]);
  const shape = [1, channels, 1, 1];
  const equal = writer.constant(`channel_mean_${channels}`, shape, Array<number>(channels).fill(1 / channels));
  return writer.node("Conv", [of, equal], { kernel_shape: [1, 1] });
}
