import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { affineOf, biasArgument, epsInterval, expectChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const layerNorm = defineOp({
  name: "layerNorm",
  doc: "Layer normalisation over the channels, at every position of a map or token sequence, or of a vector (Ba et al. 2016).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
    eps: { kind: "number", interval: epsInterval, default: 1e-5, doc: "Added to the variance." },
    bias: { kind: "flag", default: true, doc: "Whether a learned number is added to every channel." },
  },
  params: ({ channels, bias }) => affineOf(channels, bias),
  infer([input], { channels }) {
    expectChannels(input, channels, "channels");
    return [input];
  },
  // Between two Transposes onnxruntime's kernel takes a third of the time of means, differences and squares written out (96 channels at 128²). What
  // it rounds is the mean: 1e-3 of the output where channels differ by 1e-3 around 50. Less the first channel, which changes no deviation, no large
  // mean is left, and what has the same value in all channels becomes exactly 0.
  onnx(writer, [input], { eps, bias }) {
    const sides = writer.inputShapes[0].slice(2).map((_, i) => i + 2);
    const at = (place: number): string => writer.ints(`at_${place}`, [place]);
    const first = writer.node("Slice", [input, at(0), at(1), at(1)]);
    const deviation = writer.node("Sub", [input, first]);
    const turned = (values: string, perm: readonly number[]): string =>
      sides.length === 0 ? values : writer.node("Transpose", [values], { perm });
    const last = turned(deviation, [0, ...sides, 1]);
    const params = [writer.param("weight"), ...(bias ? [writer.param("bias")] : [])];
    const normed = writer.node("LayerNormalization", [last, ...params], { axis: -1, epsilon: { float: eps } });
    return [turned(normed, [0, sides.length + 1, ...sides.map((axis) => axis - 1)])];
  },
  precise: ["Sub", "Transpose", "LayerNormalization"],
  // Mean and 1/deviation of every position, and the values with channels last: a copy, unless one channel or one position is all there is.
  saves([input]) {
    const [values, positions, sides] = [input, input.toSpliced(1, 1), input.slice(2)].map(elementCount) as [
      number,
      number,
      number,
    ];
    const statistics = 8 * positions;
    return values === positions || sides === 1 ? { inputs: true, bytes: statistics } : { bytes: 4 * values + statistics };
  },
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("layers", "ChannelLayerNorm"),
    args: [{ attr: "channels" }, { attr: "eps", keyword: "eps", omit: 1e-5 }, biasArgument],
  },
  sample(choose) {
    const shape = anyShape(choose);
    return { attrs: { channels: shape[1], eps: choose.pick([1e-5, 1e-6]), bias: choose.pick([true, false]) }, inputs: [shape] };
  },
});
