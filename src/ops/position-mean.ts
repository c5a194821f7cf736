/** How the mean over all positions of a map is written in ONNX. */
import { gcd, type Dim } from "../ir/dim.ts";
import type { OnnxOperator, OnnxWriter } from "../ir/onnx.ts";
import { elementCount, formatShape } from "../ir/shape.ts";

/** Side of the blocks whose values are summed first. */
export const blockSide = 8;

/** Its operators that compute in float32 in a float16 graph too. */
export const precisePositionMean = [
  "ReduceMean",
  "Conv",
  "Slice",
  "Mul",
  "Add",
  "AveragePool",
  "GlobalAveragePool",
  "Div",
] as const satisfies readonly OnnxOperator[];

/**
 * The mean of every channel of a map like the op's input, [N, channels, 1, 1]. In float32 one long sum loses what it adds, so there are levels.
 *
 * A mean along one open side doubles tract's time with every one, and loses its axis in pnnx. Where the graph is for these too, a pool takes the mean of
 * blocks that fill every map, and convolutions those of blocks that zeros may have to fill at the border; less than 1 is what they leave of ones.
 */
export function positionMean(writer: OnnxWriter, of: string, channels: number): string {
  if (writer.reduces) {
    const along = (values: string, axis: number): string =>
      writer.node("ReduceMean", [values, writer.ints(`axes_${axis}`, [axis])]);
    return along(along(of, 3), 2);
  }
  const [batch, , ...sides] = writer.inputShapes[0];
  const block = sides.map((dim) => gcd(writer.multipleOf(dim), blockSide));
  const nothingFits = block.every((size) => size === 1);
  const map = nothingFits ? of : writer.node("AveragePool", [of], { kernel_shape: block, strides: block, auto_pad: "VALID" });
  const isWhole = block.every((size) => size === blockSide);
  const mean = (values: string, width: number): string => {
    const blocks = blockMeans(writer, values, width);
    return writer.node("GlobalAveragePool", [isWhole ? blocks : blockMeans(writer, blocks, width)]);
  };
  const left = writer.shared(`what blocks leave of ones in ${formatShape([batch as Dim, ...sides])}`, () =>
    mean(onesLike(writer, firstChannel(writer, map)), 1),
  );
  return writer.node("Div", [mean(map, channels), left]);
}

/** The sum of every channel of a map over all positions, [N, channels, 1], without a reduction: of blocks, then of these as a product with ones. */
export function positionSum(writer: OnnxWriter, map: string, channels: number): string {
  const means = blockMeans(writer, map, channels);
  const shaped = (of: string, shape: readonly number[]): string =>
    writer.node("Reshape", [of, writer.ints(`shape_${shape.join("_")}`, shape)]);
  const ones = shaped(onesLike(writer, firstChannel(writer, means)), [0, -1, 1]);
  const sums = writer.node("MatMul", [shaped(means, [0, channels, -1]), ones]);
  return writer.node("Mul", [sums, writer.constant(`number_${blockSide ** 2}`, [], [blockSide ** 2])]);
}

function blockMeans(writer: OnnxWriter, map: string, channels: number): string {
  const shape = [channels, 1, blockSide, blockSide];
  // Made once for all maps of so many channels: to fill it takes longer than all else that a norm writes.
  const equal = writer.shared(`means of blocks of ${channels} channels`, () =>
    writer.constant(`block_mean_${channels}`, shape, Array<number>(elementCount(shape)).fill(1 / blockSide ** 2)),
  );
  return writer.node("Conv", [map, equal], {
    kernel_shape: [blockSide, blockSide],
    strides: [blockSide, blockSide],
    pads: [0, 0, blockSide - 1, blockSide - 1],
    group: channels,
  });
}

/** Ones in the shape of a value. */
export function onesLike(writer: OnnxWriter, value: string): string {
  const number = (constant: number): string => writer.constant(`number_${constant}`, [], [constant]);
  return writer.node("Add", [writer.node("Mul", [value, number(0)]), number(1)]);
}

function firstChannel(writer: OnnxWriter, map: string): string {
  const index = (place: number): string => writer.ints(`index_${place}`, [place]);
  return writer.node("Slice", [map, index(0), index(1), index(1)]);
}
