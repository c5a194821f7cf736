import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { channelsOf, elementCount } from "../ir/shape.ts";
import { featureDims, replaceChannels } from "./rules.ts";

export const minibatchStddev = defineOp({
  name: "minibatchStddev",
  doc: "Appends a channel with the deviation over groups of consecutive images, averaged over channels, positions (Karras et al. 2018).",
  attributes: {
    group: { kind: "count", default: 4, doc: "Images in a group." },
  },
  infer([input]) {
    featureDims(input);
    return [replaceChannels(input, channelsOf(input) + 1)];
  },
  torchOnly: "its statistic joins the images of a batch, which inference looks at one by one",
  // Its deviations, one map for a group.
  saves: ([input], _, { group }) => ({ inputs: true, bytes: (4 * elementCount(input)) / group }),
  reach: () => "everything",
  torch: {
    kind: "function",
    call: (inputs, { group }) =>
      pyCall(pySymbol("layers", "minibatch_stddev"), [pyInput(inputs)], torchKeyword("group", group, 4)),
  },
  sample: (choose) => ({
    attrs: { group: choose.pick([2, 4]) },
    inputs: [[choose.int(1, 8), choose.int(1, 4), choose.int(1, 4), choose.int(1, 4)]],
  }),
});
