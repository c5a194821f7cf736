/** What the spectral-normalised layers share: w / (uᵀ W v) with W the weight as an [out, fan_in] matrix. */
import { must, type NonEmpty } from "../errors/must.ts";
import type { Fold, ParamSpec } from "../ir/op.ts";
import { elementCount } from "../ir/shape.ts";
import { floats, tensorOf, type Tensor } from "../ir/tensor.ts";

type Params = Readonly<Record<string, Tensor>>;

function required(params: Params, role: string): Tensor {
  return must(params[role], `spectral normalisation's ${role}`);
}

/** W·v, or Wᵀ·u with `transposed`. */
function product(matrix: Float32Array, rows: number, vector: Float32Array, transposed: boolean): Float32Array {
  const columns = matrix.length / rows;
  const result = new Float64Array(transposed ? columns : rows);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const value = matrix[at] as number;
      if (transposed) result[column] = (result[column] as number) + value * (vector[row] as number);
      else result[row] = (result[row] as number) + value * (vector[column] as number);
    }
  }
  return Float32Array.from(result);
}

function normalized(vector: Float32Array): Float32Array {
  const norm = Math.max(Math.hypot(...vector), 1e-12);
  return vector.map((value) => value / norm);
}

/** u after 15 power iterations from a random start, as at the start of training. */
function leftSingularVector(params: Params, random: () => number): Tensor {
  const weight = required(params, "weight");
  const out = must(weight.shape[0], "the outputs of a spectrally normalised weight");
  let u: Float32Array = normalized(Float32Array.from({ length: out }, random));
  for (let iteration = 0; iteration < 15; iteration++) u = normalized(product(floats(weight), out, rightSide(weight, u), false));
  return tensorOf([out], u);
}

function rightSide(weight: Tensor, u: Float32Array): Float32Array {
  return normalized(product(floats(weight), u.length, u, true));
}

/** The buffers beside a weight of the given shape. */
export function spectralBuffers(weight: NonEmpty<number>): readonly ParamSpec[] {
  const [out, ...rest] = weight;
  const fanIn = elementCount(rest);
  const right = (params: Params): Tensor =>
    tensorOf([fanIn], rightSide(required(params, "weight"), floats(required(params, "u"))));
  return [
    { role: "u", shape: [out], init: { kind: "computed", compute: leftSingularVector }, buffer: true },
    { role: "v", shape: [fanIn], init: { kind: "computed", compute: right }, buffer: true },
  ];
}

/** The weight divided by the estimate uᵀ W v of its largest singular value. */
export const spectralFold: Fold["derive"] = {
  weight(params) {
    const weight = required(params, "weight");
    const matrix = floats(weight);
    const u = floats(required(params, "u"));
    const image = product(matrix, u.length, floats(required(params, "v")), false);
    let sigma = 0;
    for (let row = 0; row < u.length; row++) sigma += (u[row] as number) * (image[row] as number);
    return tensorOf(
      weight.shape,
      matrix.map((value) => value / sigma),
    );
  },
};
