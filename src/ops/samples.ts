import type { NonEmpty } from "../errors/must.ts";
import type { Choose } from "../ir/op.ts";

/** A small feature map [N, C, H, W], a token sequence [N, C, L] or a vector [N, C], for the generic op test. */
export function anyShape(choose: Choose): readonly [number, number, ...number[]] {
  const [n, c] = [choose.int(1, 3), choose.int(1, 5)];
  return [n, c, ...choose.pick([[choose.int(1, 9)], [choose.int(1, 7), choose.int(1, 7)], []])];
}

/** A small feature map. */
export function anyMap(choose: Choose): readonly [number, number, number, number] {
  return [choose.int(1, 3), choose.int(1, 5), choose.int(1, 7), choose.int(1, 7)];
}

/** What arithmetic is given: two equal shapes, or one that is repeated over the other. */
export function operandShapes(choose: Choose): NonEmpty<readonly number[]> {
  const shape = anyShape(choose);
  const [n, c, ...sides] = shape;
  const ones = sides.map(() => 1);
  const other = choose.pick<readonly number[]>([[n, c, ...ones], [c, ...ones], shape, []]);
  const learned = other.length < shape.length;
  return learned && choose.pick([true, false]) ? [other, shape] : [shape, other];
}
