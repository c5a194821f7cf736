/** The cells of adaptive pools. */
import type { NonEmpty } from "../errors/must.ts";
import { sidesOf, type Attributes, type AttrsOf } from "../ir/attributes.ts";
import { constantDim } from "../ir/dim.ts";
import type { OnnxOperator, OnnxWriter } from "../ir/onnx.ts";
import type { Choose } from "../ir/op.ts";
import type { Shape } from "../ir/shape.ts";
import { onesLike } from "./position-mean.ts";
import { featureDims } from "./rules.ts";
import { anyMap } from "./samples.ts";

export const adaptiveAttributes = { outputSize: { kind: "pair", doc: "Sides of the output." } } as const satisfies Attributes;

type Adaptive = AttrsOf<typeof adaptiveAttributes>;

export function adaptiveShape(input: Shape, { outputSize }: Adaptive): Shape {
  const [n, c] = featureDims(input);
  return [n, c, ...sidesOf(outputSize).map(constantDim)];
}

export function adaptiveSample(choose: Choose): { readonly attrs: Adaptive; readonly inputs: NonEmpty<readonly number[]> } {
  return { attrs: { outputSize: choose.pick([1, 2, 3, [2, 5], [7, 1]] as const) }, inputs: [anyMap(choose)] };
}

/** Operators of `cellsAlong`: places along a side go beyond what float16 counts. */
export const preciseCells = [
  "Mul",
  "Add",
  "Sub",
  "Div",
  "Clip",
  "CumSum",
  "Floor",
  "Ceil",
] as const satisfies readonly OnnxOperator[];

/** Cells along one side of a map. */
export interface Cells {
  /** [N, 1, cells, positions]: 1 where a position is in a cell, 0 elsewhere. */
  readonly inside: string;
  /** How many positions a cell has, [cells, 1]. */
  sizes(): string;
}

/** Cell i reaches from ⌊i·size/cells⌋ to ⌈(i + 1)·size/cells⌉, as in PyTorch; of a side that is open these are numbers that the graph computes, since ONNX has pools of fixed windows alone. */
export function cellsAlong(writer: OnnxWriter, map: string, axis: 2 | 3, cells: number): Cells {
  const number = (value: number): string => writer.constant(`number_${value}`, [], [value]);
  const column = (first: number): string =>
    writer.constant(
      `counted_from_${first}_${cells}`,
      [cells, 1],
      Array.from({ length: cells }, (_, i) => first + i),
    );
  const at = (place: number): string => writer.ints(`index_${place}`, [place]);
  const beyond = 2 ** 31 - 1;
  // One position of the other axis, one channel: [N, 1, 1, positions].
  const other = 5 - axis;
  const line = writer.node("Slice", [
    map,
    writer.ints("index_0_0", [0, 0]),
    writer.ints("index_1_1", [1, 1]),
    writer.ints(`index_1_${other}`, [1, other]),
  ]);
  const lying = axis === 3 ? line : writer.node("Transpose", [line], { perm: [0, 1, 3, 2] });
  const places = writer.node("CumSum", [onesLike(writer, lying), at(3)]);
  const size = writer.node("Slice", [places, at(-1), at(beyond), at(3)]);
  const edge = (first: number, rounding: "Floor" | "Ceil"): string =>
    writer.node(rounding, [writer.node("Div", [writer.node("Mul", [column(first), size]), number(cells)])]);
  const [begin, end] = [edge(0, "Floor"), edge(1, "Ceil")];
  const limited = (value: string): string => writer.node("Clip", [value, number(0), number(1)]);
  // Places count from 1: of a cell are those above its begin, up to its end.
  const inside = writer.node("Mul", [
    limited(writer.node("Sub", [places, begin])),
    limited(writer.node("Add", [writer.node("Sub", [end, places]), number(1)])),
  ]);
  return { inside, sizes: () => writer.node("Sub", [end, begin]) };
}
