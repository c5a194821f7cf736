/** How norms over positions are written in ONNX. */
import type { OnnxOperator, OnnxWriter } from "../ir/onnx.ts";
import { blockSide, positionMean, precisePositionMean } from "./position-mean.ts";

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
 * onnxruntime gives values of 1 where 0 is right. So all sums have levels, of rows or of blocks, and are of what is left above a pivot: the
 * mean of one value in every block. No pivot that a 64th of the values has for its mean is further than 8 deviations from the mean of all, so that
 * little cancels in E[d²] − E[d]², and on a flat map every d is the same small number. Scale and shift meet the values once
 * (docs/benchmarks.md).
 *
 * What stands here is what importers read: the values stay a map with the input's shape, and only numbers per channel are seen in groups. A MaxPool
 * of one value picks where they know no Slice with steps; a group's number reaches its channels times ones, since ncnn knows no Tile.
 */
export function groupedNorm(writer: OnnxWriter, input: string, { channels, groups, eps, affine }: GroupedNorm): string {
  const size = channels / groups;
  const float = (name: string, value: number): string => writer.constant(`${name}_${value}`, [], [value]);
  const perChannel = [1, groups, size, 1];
  const toMap = (of: string): string => writer.node("Reshape", [of, writer.ints(`channels_${channels}`, [0, channels, 1, 1])]);
  const pooled = (of: string): string => writer.node("GlobalAveragePool", [of]);
  const ofGroups = (means: string): string =>
    pooled(writer.node("Reshape", [means, writer.ints(`groups_${groups}_${size}`, [0, groups, size, 1])]));
  const groupMean = (of: string): string => ofGroups(positionMean(writer, of, channels));

  const some = pick(writer, input, blockSide);
  const ones = writer.constant(`ones_${size}`, [1, 1, size, 1], Array<number>(size).fill(1));
  const someMean = ofGroups(pooled(some));
  const above = writer.node("Sub", [input, toMap(writer.node("Mul", [someMean, ones]))]);
  // onnxruntime copies what it pools into a layout of its own, and squares there: one copy instead of two, and the first map is free.
  const deviation = writer.reduces ? above : pick(writer, above, 1);
  const offset = groupMean(deviation);
  const squares = groupMean(writer.node("Mul", [deviation, deviation]));
  // Rounding can leave a flat map's variance just below 0.
  const variance = writer.node("Relu", [writer.node("Sub", [squares, writer.node("Mul", [offset, offset])])]);
  const divisor = writer.node("Sqrt", [writer.node("Add", [variance, float("eps", eps)])]);
  const factor = writer.node("Div", [affine("weight", perChannel), divisor]);
  const shift = writer.node("Sub", [affine("bias", perChannel), writer.node("Mul", [offset, factor])]);
  return writer.node("Add", [writer.node("Mul", [deviation, toMap(factor)]), toMap(shift)]);
}

/** One value of every block. VALID is no padding, said so that runtimes leave it alone (maxPool2d). */
const pick = (writer: OnnxWriter, of: string, step: number): string =>
  writer.node("MaxPool", [of], { kernel_shape: [1, 1], strides: [step, step], auto_pad: "VALID" });

/** Its operators that compute in float32 in a float16 graph too. */
export const preciseGroupedNorm = [
  ...precisePositionMean,
  "MaxPool",
  "Reshape",
  "Sub",
  "Relu",
  "Sqrt",
] as const satisfies readonly OnnxOperator[];
