/**
 * What a graph calls its sizes. Tools infer shapes from a graph's inputs on, and most of them cannot divide a symbol: an input of H/8 beside a value of H/4
 * is two unknowns to them. So a graph names the sides of its own input and says all others by products, as far as they are that.
 */
import { areaDim, formatDim, formatDimWith, inTermsOf, symbolDim, type Dim, type DimNames } from "../../ir/dim.ts";
import type { OnnxGraph } from "./graph.ts";

export interface GraphSides {
  /** What stands for a size in the file: `8*h`. */
  readonly nameOf: (dim: Dim) => string;
  /** What the names mean where they are no sides of the image: `h = H/8, w = W/8`. */
  readonly meaning: string | undefined;
}

export function sidesOf({ inputs }: Pick<OnnxGraph, "inputs">): GraphSides {
  const [height, width] = [baseOf(inputs, "H"), baseOf(inputs, "W")];
  const own = (axis: "H" | "W", base: Dim): string => (formatDim(base) === axis ? axis : axis.toLowerCase());
  const names: DimNames = { N: "N", H: own("H", height), W: own("W", width) };
  const bases = { H: height, W: width, HW: areaDim(height, width) };
  const meanings = (["H", "W"] as const).filter((axis) => names[axis] !== axis);
  return {
    nameOf(dim) {
      const base = dim.symbol === null || dim.symbol === "N" ? undefined : bases[dim.symbol];
      return base === undefined ? formatDim(dim) : formatDimWith(inTermsOf(dim, base), names);
    },
    meaning: meanings.length === 0 ? undefined : meanings.map((axis) => `${names[axis]} = ${formatDim(bases[axis])}`).join(", "),
  };
}

/** The finest of the inputs' sizes along an axis: the others are multiples of it. */
function baseOf(inputs: OnnxGraph["inputs"], axis: "H" | "W"): Dim {
  const along = inputs.flatMap(({ dims }) => dims).filter((dim) => dim.symbol === axis);
  const [first = symbolDim(axis), ...others] = along;
  return others.reduce((least, dim) => (dim.num / dim.den < least.num / least.den ? dim : least), first);
}
