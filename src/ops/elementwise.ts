/** What functions of single values share. */
import type { NonEmpty } from "../errors/must.ts";
import type { Interval } from "../ir/attributes.ts";
import type { Choose } from "../ir/op.ts";
import type { Shape } from "../ir/shape.ts";
import { anyShape } from "./samples.ts";

/** The shape rule and the samples of a function without attributes that computes every value from the one in its place. */
export const elementwise = {
  infer: ([input]: NonEmpty<Shape>): readonly [Shape] => [input],
  reach: (): "place" => "place",
  sample: (choose: Choose) => ({ attrs: {}, inputs: [anyShape(choose)] }) as const,
} as const;

/** Above 0: the domain of logarithms and roots. */
export const positive = { min: 0, max: Infinity, open: true } as const satisfies Interval;

/** Of the factors of a product, those that the gradient of another is a multiple of. */
export function otherFactors(learns: readonly boolean[]): readonly boolean[] {
  return learns.map((_, i) => learns.some((learning, other) => learning && other !== i));
}
