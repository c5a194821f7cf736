/** What attention within windows refuses, and the sizes that it asks for; test/torch/test_swin.py has its numbers. */
import { expect, test } from "vitest";
import { dividedDim, symbolDim } from "../../src/ir/dim.ts";
import { shapeOf, type Shape } from "../../src/ir/shape.ts";
import { fittingSizes } from "../../src/ir/size.ts";
import { ops } from "../../src/ops/index.ts";
import { oneOpPart } from "../../src/op-test/one-op.ts";

const attrs = { heads: 2, windowSize: 7, shift: 3 };
const map = (channels: number, divisor = 4): Shape =>
  shapeOf("N", channels, dividedDim(symbolDim("H"), divisor), dividedDim(symbolDim("W"), divisor));

test("windows are whole where the image's sides are multiples of theirs", () => {
  const part = oneOpPart(ops.windowAttention, attrs, [map(4), map(4), map(6)]);
  expect(fittingSizes([part], "H")).toEqual({ minimum: 28, step: 28 });
});

test.each<[what: string, settings: object, shapes: readonly [Shape, Shape, Shape, Shape?], message: string]>([
  ["a shift of a whole window", { shift: 7 }, [map(4), map(4), map(4)], "the shift leaves the window"],
  ["keys of another size", {}, [map(4), map(4, 8), map(4, 8)], "queries and keys have different positions"],
  ["sequences", {}, [shapeOf("N", 4, 49), shapeOf("N", 4, 49), shapeOf("N", 4, 49)], "a feature map is needed here"],
  [
    "the table of another window",
    {},
    [map(4), map(4), map(4), shapeOf(49, 2)],
    "the relative position bias is that of other windows or heads",
  ],
  [
    "the table of other heads",
    {},
    [map(4), map(4), map(4), shapeOf(169, 3)],
    "the relative position bias is that of other windows or heads",
  ],
])("%s: refused", (_, settings, shapes, message) => {
  const inputs = shapes.filter((shape) => shape !== undefined);
  expect(() =>
    ops.windowAttention.infer(inputs as unknown as typeof shapes & readonly [Shape], { ...attrs, ...settings }),
  ).toThrow(message);
});
