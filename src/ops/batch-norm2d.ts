import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { affineOf, epsInterval, expectChannels, featureDims } from "./rules.ts";

export const batchNorm2d = defineOp({
  name: "batchNorm2d",
  doc: "Batch normalisation; at inference with its running statistics (Ioffe and Szegedy 2015).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
    eps: { kind: "number", interval: epsInterval, default: 1e-5, doc: "Added to the variance." },
    affine: {
      kind: "flag",
      default: true,
      doc: "Whether every channel is then multiplied by a learned number, and another is added.",
    },
  },
  params: ({ channels, affine }) => [
    ...(affine ? affineOf(channels) : []),
    { role: "running_mean", shape: [channels], init: { kind: "constant", value: 0 }, buffer: true },
    { role: "running_var", shape: [channels], init: { kind: "constant", value: 1 }, buffer: true, nonNegative: true },
    {
      role: "num_batches_tracked",
      shape: [],
      init: { kind: "constant", value: 0 },
      buffer: true,
      trainingOnly: true,
      dtype: "int64",
    },
  ],
  infer([input], attrs) {
    featureDims(input);
    expectChannels(input, attrs.channels, "channels");
    return [input];
  },
  onnx(writer, [input], { channels, eps, affine }) {
    const same = (name: string, value: number): string =>
      writer.constant(
        `${name}_${channels}`,
        [channels],
        Array.from({ length: channels }, () => value),
      );
    const [weight, bias] = affine ? [writer.param("weight"), writer.param("bias")] : [same("ones", 1), same("zeros", 0)];
    const inputs = [input, weight, bias, writer.param("running_mean"), writer.param("running_var")];
    return [writer.node("BatchNormalization", inputs, { epsilon: { float: eps } })];
  },
  precise: ["BatchNormalization"],
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("nn", "BatchNorm2d"),
    args: [{ attr: "channels" }, { attr: "eps", keyword: "eps", omit: 1e-5 }, { attr: "affine", keyword: "affine", omit: true }],
  },
  sample(choose) {
    const attrs = { channels: choose.int(1, 6), eps: 1e-5, affine: choose.pick([true, false]) };
    return { attrs, inputs: [[choose.int(1, 3), attrs.channels, choose.int(1, 6), choose.int(1, 6)]] };
  },
});
