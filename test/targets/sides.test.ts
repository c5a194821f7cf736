import { expect, test } from "vitest";
import { dividedDim, plusDim, symbolDim, type Dim } from "../../src/ir/dim.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { sidesOf } from "../../src/targets/onnx/sides.ts";

const [h, w] = [symbolDim("H"), symbolDim("W")];
const graph = (...inputs: readonly (readonly [Dim, Dim])[]): Parameters<typeof sidesOf>[0] => ({
  inputs: inputs.map(([height, width], i) => ({ name: `x${i}`, dims: shapeOf("N", 4, height, width) })),
});
const at = (divisor: number): readonly [Dim, Dim] => [dividedDim(h, divisor), dividedDim(w, divisor)];

test("an image's sides keep their names", () => {
  const { nameOf, meaning } = sidesOf(graph([h, w]));
  expect([...at(1), ...at(8), symbolDim("N")].map(nameOf)).toEqual(["H", "W", "H/8", "W/8", "N"]);
  expect(meaning).toBeUndefined();
});

test("a latent's sides have names of their own, and what is larger is a product", () => {
  const { nameOf, meaning } = sidesOf(graph(at(8)));
  expect([...at(8), ...at(4), ...at(1)].map(nameOf)).toEqual(["h", "w", "2*h", "2*w", "8*h", "8*w"]);
  expect(meaning).toBe("h = H/8, w = W/8");
});

test("of several inputs the smallest has the names, wherever it stands", () => {
  for (const inputs of [
    [at(1), at(2)],
    [at(2), at(1)],
  ]) {
    const { nameOf } = sidesOf(graph(...inputs));
    expect([dividedDim(h, 2), h].map(nameOf)).toEqual(["h", "2*h"]);
  }
});

test("the axes are apart, and an offset is undone", () => {
  const { nameOf, meaning } = sidesOf(graph([h, plusDim(dividedDim(w, 8), -2)]));
  expect([h, w].map(nameOf)).toEqual(["H", "8*w + 16"]);
  expect(meaning).toBe("w = W/8 - 2");
});

test("vectors alone have no sides", () => {
  const { nameOf, meaning } = sidesOf({ inputs: [{ name: "x", dims: shapeOf("N", 6) }] });
  expect([nameOf(symbolDim("N")), meaning]).toEqual(["N", undefined]);
});
