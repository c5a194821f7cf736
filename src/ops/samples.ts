import type { Choose } from "../ir/op.ts";

/** A small feature map [N, C, H, W] for the generic op test. */
export function anyShape(choose: Choose): readonly number[] {
  return [choose.int(1, 3), choose.int(1, 5), choose.int(1, 7), choose.int(1, 7)];
}
