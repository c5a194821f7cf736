/** What ops share that split every one of equal groups of channels into runs. */
import { must } from "../errors/must.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { channelsOf } from "../ir/shape.ts";
import { likeShape } from "./like-shape.ts";

/** The first runs of all groups as one tensor, the second ones, …: `sizes` are the channels of each run in a group. */
export function groupedRuns(writer: OnnxWriter, input: string, sizes: readonly number[], groups: number): readonly string[] {
  const [shape] = writer.inputShapes;
  const channels = channelsOf(shape) / groups;
  const equal = sizes.every((size) => size === sizes[0]);
  const split = (x: string, axis: number): readonly string[] =>
    equal
      ? writer.nodes("Split", [x], sizes.length, { axis, num_outputs: sizes.length })
      : writer.nodes("Split", [x, writer.ints(`sizes_${sizes.join("_")}`, sizes)], sizes.length, { axis });
  if (groups === 1) return split(input, 1);
  const grouped = writer.node("Reshape", [input, writer.ints(`groups_${groups}_${channels}`, [0, groups, channels, -1])]);
  return split(grouped, 2).map((run, i) => likeShape(writer, run, input, shape, groups * must(sizes[i], "a run's channels")));
}
