import {
  constantDim,
  evaluateDim,
  fixedSize,
  formatDim,
  sameDim,
  symbolDim,
  type Bindings,
  type Dim,
  type DimSymbol,
} from "./dim.ts";

/** `[N, C, H, W]` for a feature map, `[N, C, L]` for a token sequence, `[N, C]` for a vector. */
export type Shape = readonly Dim[];

/** A shape from numbers and symbols: `shapeOf("N", 3, "H", "W")`. */
export function shapeOf(...dims: readonly (number | DimSymbol | Dim)[]): Shape {
  return Object.freeze(
    dims.map((dim) => (typeof dim === "number" ? constantDim(dim) : typeof dim === "string" ? symbolDim(dim) : dim)),
  );
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => sameDim(dim, b[i] as Dim));
}

export function formatShape(shape: Shape): string {
  return `[${shape.map(formatDim).join(", ")}]`;
}

export function evaluateShape(shape: Shape, bindings: Bindings): readonly number[] {
  return shape.map((dim) => evaluateDim(dim, bindings));
}

/** The channel count of a feature map or vector; channels are never symbolic. */
export function channelsOf(shape: Shape): number {
  const channels = shape[1] === undefined ? undefined : fixedSize(shape[1]);
  if (channels === undefined) throw new Error(`no fixed channel count in ${formatShape(shape)}`);
  return channels;
}

export function elementCount(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
