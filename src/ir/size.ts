import { evaluateDim, formatDim, gcd, type Bindings, type Dim } from "./dim.ts";
import type { Part } from "./model.ts";
import { inputsOf } from "./op.ts";
import { stepsOf, valuesOf } from "./walk.ts";

/** The distinct sizes that occur in a part: each must come out as a whole number of at least 1. */
export function dimsOf(part: Part): readonly Dim[] {
  const dims = new Map<string, Dim>();
  const add = (dim: Dim): unknown => dims.set(formatDim(dim), dim);
  for (const value of valuesOf(part.graph)) value.shape.forEach(add);
  for (const { node } of stepsOf(part.graph)) {
    const shapes = node.inputs.map(({ shape }) => shape);
    node.op.wholes?.(inputsOf(node.op, shapes), node.attrs).forEach(add);
  }
  return [...dims.values()];
}

function fits(dims: readonly Dim[], bindings: Bindings): boolean {
  return dims.every((dim) => {
    const size = evaluateDim(dim, bindings);
    return Number.isInteger(size) && size >= 1;
  });
}

export interface SizeMisfit {
  readonly axis: "H" | "W";
  readonly size: number;
  /** The size inside the model that does not come out, such as `H/8`. */
  readonly dim: string;
  /** The nearest sizes that fit, smaller first. */
  readonly nearest: readonly number[];
}

/** The first axis on which an image of this size does not fit the parts, or undefined. */
export function misfit(parts: readonly Part[], height: number, width: number): SizeMisfit | undefined {
  const dims = parts.flatMap(dimsOf);
  for (const [axis, size] of [
    ["H", height],
    ["W", width],
  ] as const) {
    const along = dims.filter((dim) => dim.symbol === axis);
    const bad = along.find((dim) => !fits([dim], { N: 1, H: size, W: size }));
    if (bad === undefined) continue;
    const sizes = sizesFor(along, axis);
    return { axis, size, dim: formatDim(bad), nearest: sizes === undefined ? [] : nearestFitting(size, sizes) };
  }
  return undefined;
}

/** The sizes that fit along an axis: minimum, minimum + step, minimum + 2·step, … */
export interface FittingSizes {
  /** The smallest, in pixels. */
  readonly minimum: number;
  /** From each to the next. */
  readonly step: number;
}

/** The sizes of images that fit, along both axes. */
export interface Sizes {
  /** Along the height. */
  readonly height: FittingSizes;
  /** Along the width. */
  readonly width: FittingSizes;
}

/** Undefined when no size up to 4096 fits, since what the model's layers need contradicts itself. */
export function fittingSizes(parts: readonly Part[], axis: "H" | "W"): FittingSizes | undefined {
  return sizesFor(parts.flatMap(dimsOf), axis);
}

/** The sizes along an axis with which all of these come out whole. */
export function sizesFor(dims: readonly Dim[], axis: "H" | "W"): FittingSizes | undefined {
  const along = dims.filter((dim) => dim.symbol === axis);
  const next = (from: number): number | undefined => {
    for (let size = from; size <= from + 4096; size++) if (fits(along, { N: 1, H: size, W: size })) return size;
    return undefined;
  };
  // Every condition is a congruence with a lower bound, so the sizes are evenly spaced from the first on.
  const minimum = next(1);
  const second = minimum === undefined ? undefined : next(minimum + 1);
  return minimum === undefined || second === undefined ? undefined : { minimum, step: second - minimum };
}

/** What every size that `dim` has is a multiple of, where images have these sizes. */
export function multipleOf(dim: Dim, { height, width }: Sizes): number {
  const [first, second] = [0, 1].map((i) =>
    evaluateDim(dim, { N: 1, H: height.minimum + i * height.step, W: width.minimum + i * width.step }),
  ) as [number, number];
  return gcd(first, second - first);
}

/** Those of the fitting sizes that are nearest to one that does not fit, smaller first. */
export function nearestFitting(size: number, { minimum, step }: FittingSizes): readonly number[] {
  const below = minimum + step * Math.floor((size - minimum) / step);
  return below < minimum ? [minimum] : [below, below + step];
}
