/** How norms over positions are written in ONNX. */
import type { OnnxOperator, OnnxWriter } from "../ir/onnx.ts";

/** Every 16th row is looked at for the pivot. */
const pivotStep = 16;

interface GroupedNorm {
  readonly channels: number;
  /** Runs of channels that are normalised together. */
  readonly groups: number;
  readonly eps: number;
  /** A number per channel, viewed as [1, groups, channels/groups, 1]. */
  affine(role: "weight" | "bias", shape: readonly number[]): string;
}

/**
 * Less the mean, over the deviation, of every group of channels of a map.
 *
 * Float32 sums of a long row lose what they add, and a flat map's deviation is nothing but what was lost: at 2048² InstanceNormalization of
 * onnxruntime gives values of 1 where 0 is right. So all sums are means of rows, then of these means, of what is left above a pivot: the
 * mean of every 16th row. No pivot that a 16th of the values has for its mean is further than √15 deviations from the mean of all, so that nothing
 * cancels in E[d²] − E[d]², and on a flat map every d is the same small number. Scale and shift meet the values once (docs/benchmarks.md).
 *
 * What stands here is what most importers read: the values stay a map with the input's shape, only numbers per channel are seen in groups, with four
 * axes and none that is computed. Rows are picked by a MaxPool of one value, since tract and ncnn know no Slice that steps along a side that is
 * open; a group's number reaches its channels times ones, since ncnn knows no Tile; onnxsim 0.8 keeps an axis that a mean is to drop.
 */
export function groupedNorm(writer: OnnxWriter, input: string, { channels, groups, eps, affine }: GroupedNorm): string {
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
  const factor = writer.node("Div", [affine("weight", perChannel), divisor]);
  const shift = writer.node("Sub", [affine("bias", perChannel), writer.node("Mul", [offset, factor])]);
  return writer.node("Add", [writer.node("Mul", [deviation, toMap(factor)]), toMap(shift)]);
}

/** Its operators that compute in float32 in a float16 graph too. */
export const preciseGroupedNorm = [
  "MaxPool",
  "Reshape",
  "Sub",
  "ReduceMean",
  "Mul",
  "Relu",
  "Add",
  "Sqrt",
  "Div",
] as const satisfies readonly OnnxOperator[];
