import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { epsInterval, expectChannels, featureDims } from "./rules.ts";

/** The largest divisor of `channels` that is at most min(32, channels/4), and at least 1. */
export function defaultGroups(channels: number): number {
  for (let groups = Math.min(32, Math.floor(channels / 4)); groups > 1; groups--) if (channels % groups === 0) return groups;
  return 1;
}

/** Added by BatchNormalization to its variance, which is made to give 1 with it. */
const unitEps = 1e-5;

export const groupNorm = defineOp({
  name: "groupNorm",
  doc: "Group normalisation with a scale and shift per channel (Wu and He 2018).",
  attributes: {
    channels: { kind: "count", doc: "Channels of the input." },
    groups: {
      kind: "count",
      default: {
        from: ["channels"],
        rule: defaultGroups,
        doc: "the largest divisor of channels that is at most min(32, channels/4)",
        python: "default_groups",
      },
      doc: "Runs of channels that are normalised together.",
    },
    eps: { kind: "number", interval: epsInterval, default: 1e-5, doc: "Added to the variance." },
  },
  params: ({ channels }) => [
    { role: "weight", shape: [channels], init: { kind: "constant", value: 1 } },
    { role: "bias", shape: [channels], init: { kind: "constant", value: 0 } },
  ],
  infer([input], attrs) {
    featureDims(input);
    expectChannels(input, attrs.channels, "channels");
    if (attrs.channels % attrs.groups !== 0) {
      throw new ShapeError(`${attrs.groups} groups do not divide ${attrs.channels} channels`, {
        expected: `groups that divide ${attrs.channels}`,
        found: `groups: ${attrs.groups}`,
        help: "choose a divisor, or leave groups out for the largest that is at most min(32, channels/4)",
      });
    }
    return [input];
  },
  // InstanceNormalization over [N, groups, everything else] takes its statistics in two passes, which stays exact where the mean is far
  // larger than the deviation. Scale and shift are a BatchNormalization whose own statistics are 0 and 1: one pass over the values where
  // Mul and Add are two (docs/benchmarks.md). Reshape reads its target from Shape, so no arithmetic on shapes appears.
  onnx(writer, [input], { channels, groups, eps }) {
    const filled = (name: string, size: number, value: number): string =>
      writer.constant(`${name}_${size}`, [size], new Array<number>(size).fill(value));
    const grouped = writer.node("Reshape", [input, writer.ints(`groups_${groups}`, [0, groups, -1])]);
    const normalized = writer.node("InstanceNormalization", [grouped, filled("one", groups, 1), filled("zero", groups, 0)], {
      epsilon: { float: eps },
    });
    const restored = writer.node("Reshape", [normalized, writer.node("Shape", [input])]);
    const statistics = [filled("zero", channels, 0), filled("unit_variance", channels, 1 - unitEps)];
    const affine = [writer.param("weight"), writer.param("bias"), ...statistics];
    return [writer.node("BatchNormalization", [restored, ...affine], { epsilon: { float: unitEps } })];
  },
  precise: ["InstanceNormalization"],
  torch: {
    kind: "module",
    callee: pySymbol("nn", "GroupNorm"),
    args: [{ attr: "groups" }, { attr: "channels" }, { attr: "eps", keyword: "eps" }],
  },
  sample(choose) {
    const groups = choose.int(1, 4);
    const channels = groups * choose.int(1, 4);
    const eps = choose.pick([1e-5, 1e-6]);
    return { attrs: { channels, groups, eps }, inputs: [[choose.int(1, 3), channels, choose.int(2, 8), choose.int(2, 8)]] };
  },
});
