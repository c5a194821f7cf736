/** Shapes in docstrings, by the block's first input. */
import { expect, test } from "vitest";
import { areaDim, constantDim, dividedDim, symbolDim } from "../../src/ir/dim.ts";
import { must } from "../../src/errors/must.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { relativeShape } from "../../src/targets/torch/program/shapes.ts";

const [height, width] = [symbolDim("H"), symbolDim("W")];
const half = shapeOf("N", 8, dividedDim(height, 2), dividedDim(width, 2));

test.each([
  ["a map", half, "[N, C, H, W]"],
  ["a smaller map", shapeOf("N", 8, dividedDim(height, 8), dividedDim(width, 8)), "[N, C, H/4, W/4]"],
  ["tokens of a map", shapeOf("N", 8, must(areaDim(dividedDim(height, 8), dividedDim(width, 8)), "an area")), "[N, C, H*W/16]"],
  ["tokens of a fixed number", shapeOf("N", 8, constantDim(77)), "[N, C, 77]"],
  ["a vector", shapeOf("N", 8), "[N, C]"],
])("%s", (_, shape, text) => {
  expect(relativeShape(shape, half, "C")).toBe(text);
});
