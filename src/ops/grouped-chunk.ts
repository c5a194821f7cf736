import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { channelsOf, formatShape } from "../ir/shape.ts";
import { groupedRuns } from "./grouped-runs.ts";
import { replaceChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

export const groupedChunk = defineOp({
  name: "groupedChunk",
  doc:
    "Splits every one of equal groups of channels into equal runs: the first runs of all groups make the first output, and so on, as where the queries, keys " +
    "and values of each head stand together.",
  attributes: {
    chunks: { kind: "count", doc: "How many runs a group has." },
    groups: { kind: "count", doc: "How many groups." },
  },
  infer([input], { chunks, groups }) {
    const channels = channelsOf(input);
    if (channels % (chunks * groups) !== 0) {
      throw new ShapeError(`${counted(channels, "channel")} cannot be split into ${groups} groups of ${chunks} equal parts`, {
        expected: `channels divisible by ${chunks * groups}`,
        found: formatShape(input),
        help: `make the layer before it give a multiple of ${chunks * groups} channels`,
      });
    }
    return Array.from({ length: chunks }, () => replaceChannels(input, channels / chunks));
  },
  onnx(writer, [input], { chunks, groups }) {
    const run = channelsOf(writer.inputShapes[0]) / (chunks * groups);
    return groupedRuns(
      writer,
      input,
      Array.from({ length: chunks }, () => run),
      groups,
    );
  },
  saves: () => ({}),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { chunks, groups }) => pyCall(pySymbol("layers", "grouped_chunk"), [pyInput(inputs), chunks, groups]),
  },
  sample(choose) {
    const [chunks, groups] = [choose.int(1, 3), choose.int(1, 3)];
    const [n, , ...sides] = anyShape(choose);
    return { attrs: { chunks, groups }, inputs: [[n, chunks * groups * choose.int(1, 2), ...sides]] };
  },
});
