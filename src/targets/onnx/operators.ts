/** What the operators of our graphs do to shapes; what they do to types stands in ONNX's schema (types.ts). */
import { InternalError, must } from "../../errors/must.ts";
import type { OnnxOperator } from "../../ir/onnx.ts";
import { elementCount } from "../../ir/shape.ts";
import { intOf, sizesAsked } from "./attributes.ts";
import { broadcasting, unchanging } from "./elementwise.ts";
import type { OnnxNode } from "./graph.ts";
import { at, axisOf, broadcast, expectEqual, expectSizes, head, ints, type Sizes } from "./sizes.ts";
import { window, windowed } from "./windows.ts";

/**
 * The shapes of a node's outputs; undefined where only running it can tell. `constant` gives the numbers in a slot where they are known.
 * InternalError where the operator refuses the shapes.
 */
export type ShapeRule = (
  node: OnnxNode,
  inputs: readonly (Sizes | undefined)[],
  constant: (slot: number) => Sizes | undefined,
) => readonly (Sizes | undefined)[];

const same: ShapeRule = (_, [input]) => [input];
const reducing: ShapeRule = (node, [input], constant) => {
  const axes = constant(1);
  const computed = axes === undefined && node.inputs.length > 1 && node.inputs[1] !== "";
  return [computed ? undefined : reduced(node, input, axes)];
};
const elementwise: ShapeRule = (_, inputs) => [inputs.map((sizes) => must(sizes, "an operand")).reduce(broadcast)];

function allOf(rule: ShapeRule, operators: readonly OnnxOperator[]): Partial<Readonly<Record<OnnxOperator, ShapeRule>>> {
  return Object.fromEntries(operators.map((operator) => [operator, rule]));
}

/** An operator that is not here gives what is declared of its outputs. */
export const shapeRules: Partial<Readonly<Record<OnnxOperator, ShapeRule>>> = {
  ...allOf(same, unchanging),
  ...allOf(elementwise, broadcasting),
  ...allOf(reducing, ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean"]),
  ...allOf(reducing, ["ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"]),
  ...allOf((node, [input]) => [reduced(node, input, [intOf(node, "axis")])], ["ArgMax", "ArgMin"]),
  Unsqueeze(_, [input], constant) {
    const axes = constant(1);
    if (input === undefined || axes === undefined) return [undefined];
    return [axes.toSorted((a, b) => a - b).reduce<Sizes>((sizes, axis) => sizes.toSpliced(axis, 0, 1), input)];
  },
  Squeeze(_, [input], constant) {
    const data = must(input, "the input");
    const gone = constant(1)?.map((axis) => axisOf(axis, data));
    return [gone && data.filter((_size, axis) => !gone.includes(axis))];
  },
  Expand(_, [input], constant) {
    const shape = constant(1);
    return [shape && broadcast(must(input, "the input"), shape)];
  },
  Tile(_, [input], constant) {
    const repeats = constant(1);
    return [repeats && must(input, "the input").map((size, axis) => size * at(repeats, axis))];
  },
  Flatten(node, [input]) {
    const data = must(input, "the input");
    const axis = intOf(node, "axis");
    const first = data.slice(0, axis);
    return [[elementCount(first), elementCount(data.slice(first.length))]];
  },
  Clip(_, [input, ...limits]) {
    for (const limit of limits) expectSizes(limit ?? [], [], "a limit");
    return [input];
  },
  BatchNormalization: (_, [input, ...perChannel]) => [normalized(input, perChannel)],
  GroupNormalization: (_, [input, ...perChannel]) => [normalized(input, perChannel)],
  InstanceNormalization: (_, [input, ...perChannel]) => [normalized(input, perChannel)],
  Conv(node, [input, weight, bias]) {
    const { data, kernel, groups } = convolution(node, input, weight);
    const [out, perGroup] = head(weight);
    expectEqual(perGroup * groups, data[1], "channels");
    if (out % groups !== 0) throw new InternalError(`${groups} groups do not divide ${out} channels`);
    expectSizes(bias ?? [out], [out], "the bias");
    return [[data[0], out, ...windowed(node, data.slice(2), kernel)]];
  },
  ConvTranspose(node, [input, weight, bias]) {
    const { data, kernel, groups } = convolution(node, input, weight);
    const [channels, perGroup] = head(weight);
    expectEqual(channels, data[1], "channels");
    expectSizes(bias ?? [perGroup * groups], [perGroup * groups], "the bias");
    if ("output_shape" in node.attrs || "auto_pad" in node.attrs) return [undefined];
    const added = ints(node.attrs["output_padding"]) ?? kernel.map(() => 0);
    const { strides, dilations, pads } = window(node, kernel);
    const sides = data.slice(2).map((size, i) => at(strides, i) * (size - 1) + at(dilations, i) * (at(kernel, i) - 1) + 1);
    const kept = sides.map((size, i) => size + at(added, i) - at(pads, i) - at(pads, i + kernel.length));
    return [[data[0], perGroup * groups, ...kept]];
  },
  AveragePool: (node, [input]) => [pooled(node, input)],
  GlobalAveragePool: (_, [input]) => [onePosition(input)],
  GlobalMaxPool: (_, [input]) => [onePosition(input)],
  MaxPool: (node, [input]) => [pooled(node, input)],
  Concat(node, inputs) {
    const shapes = inputs.map((sizes) => must(sizes, "an operand"));
    const first = must(shapes[0], "an operand");
    const axis = axisOf(intOf(node, "axis"), first);
    const other = (sizes: Sizes): Sizes => sizes.with(axis, 0);
    for (const sizes of shapes) expectSizes(other(sizes), other(first), "an operand, but for its axis,");
    return [
      first.with(
        axis,
        shapes.reduce((sum, sizes) => sum + at(sizes, axis), 0),
      ),
    ];
  },
  Split(node, [input], constant) {
    const data = must(input, "the input");
    const axis = axisOf(intOf(node, "axis"), data);
    const size = at(data, axis);
    const count = node.outputs.length;
    expectEqual(Number(node.attrs["num_outputs"] ?? count), count, "outputs");
    const each = Math.ceil(size / count);
    const parts = constant(1) ?? node.outputs.map((_, i) => Math.min(each, size - i * each));
    expectEqual(
      parts.reduce((sum, part) => sum + part, 0),
      size,
      "positions",
    );
    return parts.map((part) => data.with(axis, part));
  },
  Slice(_, [input], constant) {
    const data = must(input, "the input");
    const [starts, ends] = [constant(1), constant(2)];
    if (starts === undefined || ends === undefined) return [undefined];
    const axes = constant(3) ?? starts.map((_start, i) => i);
    const steps = constant(4) ?? starts.map(() => 1);
    for (const list of [ends, axes, steps]) expectEqual(list.length, starts.length, "entries");
    let result = data;
    axes.forEach((given, i) => {
      const axis = axisOf(given, data);
      const size = at(data, axis);
      const place = (position: number): number => Math.min(Math.max(position < 0 ? position + size : position, 0), size);
      const length = Math.ceil((place(at(ends, i)) - place(at(starts, i))) / at(steps, i));
      if (at(steps, i) < 1 || length < 1) throw new InternalError(`nothing of axis ${axis} is left`);
      result = result.with(axis, length);
    });
    return [result];
  },
  Pad(_, [input], constant) {
    const data = must(input, "the input");
    const pads = constant(1);
    if (pads === undefined) return [undefined];
    const axes = constant(3) ?? data.map((_size, i) => i);
    expectEqual(pads.length, 2 * axes.length, "pads");
    const result = [...data];
    axes.forEach((given, i) => {
      const axis = axisOf(given, data);
      result[axis] = at(data, axis) + at(pads, i) + at(pads, i + axes.length);
    });
    return [result];
  },
  Transpose(node, [input]) {
    const data = must(input, "the input");
    const order = ints(node.attrs["perm"]) ?? data.map((_, i) => data.length - 1 - i);
    if (order.toSorted((a, b) => a - b).join() !== data.map((_, i) => i).join())
      throw new InternalError(`perm is [${order.join(", ")}]`);
    return [order.map((axis) => at(data, axis))];
  },
  Reshape(node, [input], constant) {
    const data = must(input, "the input");
    const wanted = constant(1);
    if (wanted === undefined || intOf(node, "allowzero") === 1) return [undefined];
    const sizes = wanted.map((size, axis) => (size === 0 ? at(data, axis) : size));
    const rest = elementCount(data) / elementCount(sizes.filter((size) => size !== -1));
    const shape = sizes.map((size) => (size === -1 ? rest : size));
    if (!Number.isInteger(rest) || elementCount(shape) !== elementCount(data))
      throw new InternalError(`it asks for [${wanted.join(", ")}]`);
    return [shape];
  },
  Shape: (node, [input]) => [[sizesAsked(node, must(input, "the input")).length]],
  MatMul(_, [left, right]) {
    const [a, b] = [must(left, "the left matrix"), must(right, "the right matrix")];
    if (a.length < 2 || b.length < 2) return [undefined];
    expectEqual(at(a, a.length - 1), at(b, b.length - 2), "columns and rows");
    return [[...broadcast(a.slice(0, -2), b.slice(0, -2)), at(a, a.length - 2), at(b, b.length - 1)]];
  },
  Gemm(node, [left, right, added]) {
    const turned = (sizes: Sizes | undefined, flag: string): readonly [number, number] => {
      const [rows, columns] = head(sizes);
      return intOf(node, flag) === 1 ? [columns, rows] : [rows, columns];
    };
    const [[rows, inner], [height, columns]] = [turned(left, "transA"), turned(right, "transB")];
    expectEqual(inner, height, "columns and rows");
    expectSizes(broadcast([rows, columns], added ?? []), [rows, columns], "the sum");
    return [[rows, columns]];
  },
  Resize({ attrs }, [input], constant) {
    const data = must(input, "the input");
    const [scales, sizes] = [constant(2), constant(3)];
    if ("axes" in attrs || "keep_aspect_ratio_policy" in attrs) return [undefined];
    if (sizes !== undefined) expectEqual(sizes.length, data.length, "sizes");
    if (scales === undefined) return [sizes];
    expectEqual(scales.length, data.length, "scales");
    return [data.map((size, axis) => Math.floor(size * at(scales, axis)))];
  },
  Gather(node, [input, indices]) {
    const data = must(input, "the input");
    const axis = axisOf(intOf(node, "axis"), data);
    return [[...data.slice(0, axis), ...must(indices, "the indices"), ...data.slice(axis + 1)]];
  },
  CumSum(_, [input, axis], constant) {
    const data = must(input, "the input");
    expectSizes(must(axis, "the axis"), [1], "the axis");
    axisOf(constant(1)?.[0], data);
    return [data];
  },
  SpaceToDepth(node, [input]) {
    const [n, c, h, w] = must(input, "the input");
    const block = intOf(node, "blocksize");
    const sides = [must(h, "the height") / block, must(w, "the width") / block];
    if (!sides.every(Number.isInteger)) throw new InternalError(`blocks of ${block} do not divide its sides`);
    return [[must(n, "the batch"), must(c, "the channels") * block ** 2, ...sides]];
  },
  DepthToSpace(node, [input]) {
    const [n, c, h, w] = must(input, "the input");
    const block = intOf(node, "blocksize");
    const channels = must(c, "the channels") / block ** 2;
    if (!Number.isInteger(channels)) throw new InternalError(`blocks of ${block} do not divide its channels`);
    return [[must(n, "the batch"), channels, must(h, "the height") * block, must(w, "the width") * block]];
  },
};

/** Operators whose output is their first input's memory. */
export const views: ReadonlySet<OnnxOperator> = new Set(["Identity", "Reshape"]);

/** Operators that calculate with height and width: ONNX's shape inference leaves these open where they are symbols. So does Reshape with −1. */
export const calculatesSides: ReadonlySet<OnnxOperator> = new Set([
  "AveragePool",
  "Conv",
  "ConvTranspose",
  "DepthToSpace",
  "MaxPool",
  "Pad",
  "Resize",
  "Slice",
  "SpaceToDepth",
]);

function normalized(input: Sizes | undefined, perChannel: readonly (Sizes | undefined)[]): Sizes {
  const data = must(input, "the input");
  for (const sizes of perChannel) expectSizes(must(sizes, "an operand"), [at(data, 1)], "an operand");
  return data;
}

function convolution(
  node: OnnxNode,
  input: Sizes | undefined,
  weight: Sizes | undefined,
): { readonly data: readonly [number, number, ...number[]]; readonly kernel: Sizes; readonly groups: number } {
  const [data, kernel] = [must(input, "the input"), must(weight, "the weight").slice(2)];
  expectSizes(ints(node.attrs["kernel_shape"]) ?? kernel, kernel, "kernel_shape");
  expectEqual(data.length - 2, kernel.length, "sides");
  return { data: [at(data, 0), at(data, 1), ...data.slice(2)], kernel, groups: intOf(node, "group") };
}

const onePosition = (input: Sizes | undefined): Sizes => must(input, "the input").map((size, axis) => (axis < 2 ? size : 1));

function pooled(node: OnnxNode, input: Sizes | undefined): Sizes | undefined {
  const [data, kernel] = [must(input, "the input"), must(ints(node.attrs["kernel_shape"]), "kernel_shape")];
  if (intOf(node, "ceil_mode") === 1) return undefined;
  expectEqual(data.length - 2, kernel.length, "sides");
  return [...head(data), ...windowed(node, data.slice(2), kernel)];
}

function reduced(node: OnnxNode, input: Sizes | undefined, axes: Sizes | undefined): Sizes {
  const data = must(input, "the input");
  const gone = new Set((axes ?? data.map((_, i) => i)).map((axis) => axisOf(axis, data)));
  const kept = data.map((size, axis) => (gone.has(axis) ? 1 : size));
  return intOf(node, "keepdims") === 0 ? kept.filter((_, axis) => !gone.has(axis)) : kept;
}
