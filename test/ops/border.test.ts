/** Borders that a map is too small for, where its size is known before there is an image. */
import { expect, test } from "vitest";
import { shapeOf } from "../../src/ir/shape.ts";
import { ops } from "../../src/ops/index.ts";

const conv = { in: 1, out: 1, kernel: 5, stride: 1, dilation: 1, padding: 2, bias: true, groups: 1 } as const;

test.each([
  ["reflect", 2, 3],
  ["circular", 1, 2],
] as const)("%s padding needs what it is made of", (paddingMode, refused, accepted) => {
  const inferred = (side: number): unknown => ops.conv2d.infer([shapeOf(1, 1, side, side)], { ...conv, paddingMode });
  expect(() => inferred(refused)).toThrow("the border is larger than what it is made of");
  expect(inferred(accepted)).toEqual([shapeOf(1, 1, accepted, accepted)]);
});
