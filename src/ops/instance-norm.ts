import { ShapeError } from "../errors/index.ts";
import { fixedSize } from "../ir/dim.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount, formatShape } from "../ir/shape.ts";
import { groupedNorm, preciseGroupedNorm } from "./grouped-norm.ts";
import { affineOf, epsInterval, expectChannels, featureDims } from "./rules.ts";

const initial = { weight: 1, bias: 0 } as const;

export const instanceNorm = defineOp({
  name: "instanceNorm",
  doc: "Instance normalisation: every channel of every image over its positions (Ulyanov et al. 2016).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
    eps: { kind: "number", interval: epsInterval, default: 1e-5, doc: "Added to the variance." },
    affine: { kind: "flag", default: false, doc: "Whether every channel has a learned scale and shift." },
  },
  params: ({ channels, affine }) => (affine ? affineOf(channels) : []),
  infer([input], { channels }) {
    const [, , h, w] = featureDims(input);
    expectChannels(input, channels, "channels");
    if (fixedSize(h) === 1 && fixedSize(w) === 1) {
      throw new ShapeError("a single position has no deviation", {
        expected: "more than one position",
        found: formatShape(input),
        help: "apply the norm before the map is brought to one position, or use layerNorm",
      });
    }
    return [input];
  },
  onnx: (writer, [input], attrs) => [
    groupedNorm(writer, input, { ...attrs, groups: attrs.channels, affine: numbers(writer, attrs) }),
  ],
  precise: [...preciseGroupedNorm, "InstanceNormalization"],
  wholeOnnx: {
    since: 18,
    form(writer, [input], attrs) {
      const number = numbers(writer, attrs);
      const shape = [attrs.channels];
      return [
        writer.node("InstanceNormalization", [input, number("weight", shape), number("bias", shape)], {
          epsilon: { float: attrs.eps },
        }),
      ];
    },
  },
  // Mean and 1/deviation of every channel, and its scale, repeated for every image.
  saves: ([input], _, { affine }) => ({ inputs: true, bytes: (affine ? 12 : 8) * elementCount(input.slice(0, 2)) }),
  reach: () => "everything",
  torch: {
    kind: "module",
    callee: pySymbol("nn", "InstanceNorm2d"),
    args: [{ attr: "channels" }, { attr: "eps", keyword: "eps", omit: 1e-5 }, { attr: "affine", keyword: "affine", omit: false }],
  },
  sample(choose) {
    const shape = [choose.int(1, 3), choose.int(1, 6), choose.int(1, 7), choose.int(2, 7)] as const;
    return { attrs: { channels: shape[1], eps: choose.pick([1e-5, 1e-6]), affine: choose.pick([true, false]) }, inputs: [shape] };
  },
});

/** The learned numbers, or those that change nothing. */
function numbers(
  writer: OnnxWriter,
  { channels, affine }: { readonly channels: number; readonly affine: boolean },
): (role: "weight" | "bias", shape: readonly number[]) => string {
  return (role, shape) =>
    affine
      ? writer.param(role, shape)
      : writer.constant(`${role}_${initial[role]}_${shape.join("_")}`, shape, Array<number>(channels).fill(initial[role]));
}
