import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { isConstant, pyAttribute, pyCall, pyConstant, pyInput, pySymbol } from "../ir/python.ts";
import { channelsOf, formatShape } from "../ir/shape.ts";
import { groupedRuns } from "./grouped-runs.ts";
import { replaceChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const split = defineOp({
  name: "split",
  doc:
    "Splits the channels into runs of given sizes, as torch's split. With groups, every one of equal groups of channels is split so: the first runs of all " +
    "groups make the first output, and so on.",
  attributes: {
    sizes: { kind: "counts", lengths: { min: 1, max: Infinity }, doc: "Channels of each run, in order; of each run in a group." },
    groups: { kind: "count", default: 1, doc: "Equal groups of channels that are split alike, such as heads." },
  },
  infer([input], { sizes, groups }) {
    const channels = channelsOf(input);
    const wanted = groups * sizes.reduce((total, size) => total + size, 0);
    if (channels !== wanted) {
      throw new ShapeError(`the runs have ${wanted} channels and ${channels} are there`, {
        expected: formatShape(replaceChannels(input, wanted)),
        found: formatShape(input),
        help: "choose sizes whose sum, times groups, is the channel count",
      });
    }
    return sizes.map((size) => replaceChannels(input, groups * size));
  },
  onnx: (writer, [input], { sizes, groups }) => groupedRuns(writer, input, sizes, groups),
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { sizes, groups }) =>
      isConstant(groups, 1)
        ? pyCall(pyAttribute(pyInput(inputs), "split"), [sizes], { dim: pyConstant(1) })
        : pyCall(pySymbol("layers", "grouped_split"), [pyInput(inputs), sizes, groups]),
  },
  sample(choose) {
    const groups = choose.int(1, 3);
    const sizes = choose.pick([[1], [2, 2], [1, 3], [2, 1, 4]]);
    const [n, , ...sides] = anyShape(choose);
    return { attrs: { sizes, groups }, inputs: [[n, groups * sizes.reduce((total, size) => total + size, 0), ...sides]] };
  },
});
