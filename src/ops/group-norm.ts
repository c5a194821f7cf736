import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { groupedNorm, preciseGroupedNorm } from "./grouped-norm.ts";
import { affineOf, epsInterval, expectChannels, featureDims } from "./rules.ts";

/** The largest divisor of `channels` that is at most min(32, channels/4), and at least 1. */
export function defaultGroups(channels: number): number {
  for (let groups = Math.min(32, Math.floor(channels / 4)); groups > 1; groups--) if (channels % groups === 0) return groups;
  return 1;
}

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
  params: ({ channels }) => affineOf(channels),
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
  onnx: (writer, [input], attrs) => [
    groupedNorm(writer, input, { ...attrs, affine: (role, shape) => writer.param(role, shape) }),
  ],
  precise: [...preciseGroupedNorm, "GroupNormalization"],
  wholeOnnx: {
    since: 21,
    form: (writer, [input], { groups, eps }) => [
      writer.node("GroupNormalization", [input, writer.param("weight"), writer.param("bias")], {
        num_groups: groups,
        epsilon: { float: eps },
      }),
    ],
  },
  // Mean and 1/deviation of every group.
  saves: ([input], _, { channels, groups }) => ({
    inputs: true,
    bytes: (8 * groups * elementCount(input.slice(0, 2))) / channels,
  }),
  reach: () => "everything",
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
