import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { epsInterval, expectChannels, featureDims } from "./rules.ts";

/** The largest divisor of `channels` that is at most min(32, channels/4), and at least 1. */
export function defaultGroups(channels: number): number {
  for (let groups = Math.min(32, Math.floor(channels / 4)); groups > 1; groups--) if (channels % groups === 0) return groups;
  return 1;
}

/** Every 16th row is looked at for the pivot. */
const pivotStep = 16;

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
  // Float32 sums of a long row lose what they add, and a flat map's deviation is nothing but what was lost: at 2048² InstanceNormalization of
  // onnxruntime gives values of 1 where 0 is right. So all sums are means of rows, then of these means, of what is left above a pivot: the
  // mean of every 16th row. No pivot that a 16th of the values has for its mean is further than √15 deviations from the mean of all, so that nothing
  // cancels in E[d²] − E[d]², and on a flat map every d is the same small number. Scale and shift meet the values once (docs/benchmarks.md).
  //
  // What stands here is what most importers read: the values stay a map with the input's shape, only numbers per channel are seen in groups, with four
  // axes and none that is computed. Rows are picked by a MaxPool of one value, since tract and ncnn know no Slice that steps along a side that is
  // open; a group's number reaches its channels times ones, since ncnn knows no Tile; onnxsim 0.8 keeps an axis that a mean is to drop.
  onnx(writer, [input], { channels, groups, eps }) {
    const size = channels / groups;
    const axis = (given: number): string => writer.ints(`axes_${given}`, [given]);
    const float = (name: string, value: number): string => writer.constant(`${name}_${value}`, [], [value]);
    const perChannel = [1, groups, size, 1];
    const toGroups = (of: string): string =>
      writer.node("Reshape", [of, writer.ints(`groups_${groups}_${size}`, [0, groups, size, 1])]);
    const toMap = (of: string): string => writer.node("Reshape", [of, writer.ints(`channels_${channels}`, [0, channels, 1, 1])]);
    const mean = (of: string, along: number): string => writer.node("ReduceMean", [of, axis(along)]);
    const groupMean = (of: string): string => mean(toGroups(mean(mean(of, 3), 2)), 2);

    // VALID is no padding, said so that runtimes leave it alone (maxPool2d).
    const some = writer.node("MaxPool", [input], { kernel_shape: [1, 1], strides: [pivotStep, 1], auto_pad: "VALID" });
    const ones = writer.constant(`ones_${size}`, [1, 1, size, 1], Array<number>(size).fill(1));
    const pivot = writer.node("Mul", [groupMean(some), ones]);
    const deviation = writer.node("Sub", [input, toMap(pivot)]);
    const offset = groupMean(deviation);
    const squares = groupMean(writer.node("Mul", [deviation, deviation]));
    // Rounding can leave a flat map's variance just below 0.
    const variance = writer.node("Relu", [writer.node("Sub", [squares, writer.node("Mul", [offset, offset])])]);
    const divisor = writer.node("Sqrt", [writer.node("Add", [variance, float("eps", eps)])]);
    const factor = writer.node("Div", [writer.param("weight", perChannel), divisor]);
    const shift = writer.node("Sub", [writer.param("bias", perChannel), writer.node("Mul", [offset, factor])]);
    return [writer.node("Add", [writer.node("Mul", [deviation, toMap(factor)]), toMap(shift)])];
  },
  precise: ["MaxPool", "Reshape", "Sub", "ReduceMean", "Mul", "Relu", "Add", "Sqrt", "Div", "GroupNormalization"],
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
