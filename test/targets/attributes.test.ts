/** Attributes that a node leaves out are what ONNX's schema says, and Shape gives the sizes between its two. */
import { expect, test } from "vitest";
import { intOf, sizesAsked } from "../../src/targets/onnx/attributes.ts";
import { shapeRules } from "../../src/targets/onnx/operators.ts";
import type { OnnxNode } from "../../src/targets/onnx/graph.ts";

const node = (type: OnnxNode["type"], attrs: OnnxNode["attrs"] = {}): OnnxNode => {
  return { name: "n", type, inputs: ["x"], outputs: ["y"], attrs };
};

test.each([
  ["Conv", "group", 1],
  ["Split", "axis", 0],
  ["Softmax", "axis", -1],
  ["ReduceSum", "keepdims", 1],
] as const)("%s without %s", (type, name, value) => {
  expect(intOf(node(type), name)).toBe(value);
  expect(intOf(node(type, { [name]: 3 }), name)).toBe(3);
});

test("one that has to be there is missed", () => {
  expect(() => intOf(node("Concat"), "axis")).toThrow("axis of Concat");
});

test.each([
  [{}, [2, 3, 5, 7]],
  [{ start: 2 }, [5, 7]],
  [{ start: -3, end: -1 }, [3, 5]],
  [{ end: 2 }, [2, 3]],
])("Shape with %j", (attrs, sizes) => {
  const shape = node("Shape", attrs);
  expect(sizesAsked(shape, [2, 3, 5, 7])).toEqual(sizes);
  expect(shapeRules.Shape?.(shape, [[2, 3, 5, 7]], () => undefined)).toEqual([[sizes.length]]);
});
