/** The distributions that untrained parameters come from. */
import { expect, test } from "vitest";
import type { Layer } from "../../src/ir/model.ts";
import type { Attrs, Op } from "../../src/ir/op.ts";
import { floats } from "../../src/ir/tensor.ts";
import { plainConv } from "../../src/ops/conv2d.ts";
import { ops } from "../../src/ops/index.ts";
import { initializeLayer } from "../../src/weights/initialize.ts";

/** The weight of a layer with this seed, or what the layer itself is. */
function weightOf(op: Op, attrs: Attrs, seed = 0, role = "weight"): Float32Array {
  const params = (op.params?.(attrs) ?? []).map((spec) => ({ ...spec, path: `layer.${spec.role}` }));
  const layer: Layer = { kind: "layer", path: "layer", op, attrs, defaulted: [], params };
  const weight = initializeLayer(layer, seed)[role];
  if (weight === undefined) throw new Error("no weight");
  return floats(weight);
}

/** Mean of the values' power. */
function moment(values: Float32Array, power: number): number {
  return values.reduce((sum, value) => sum + value ** power, 0) / values.length;
}

const attrs = { in: 64, out: 64, kernel: 3, stride: 1, padding: 1, bias: true };

test("a normal weight has the moments of a standard Gaussian", () => {
  const weight = weightOf(ops.equalizedConv2d, attrs);
  expect(moment(weight, 1)).toBeCloseTo(0, 1);
  expect(moment(weight, 2)).toBeCloseTo(1, 1);
  expect(moment(weight, 3)).toBeCloseTo(0, 1);
  expect(Math.abs(moment(weight, 4) - 3)).toBeLessThan(0.2);
  expect(weight.every(Number.isFinite)).toBe(true);
});

test("a uniform weight fills torch's bound", () => {
  const weight = weightOf(ops.conv2d, { ...attrs, ...plainConv });
  const bound = 1 / Math.sqrt(64 * 9);
  expect(Math.max(...weight) / bound).toBeCloseTo(1, 2);
  expect(Math.min(...weight) / bound).toBeCloseTo(-1, 2);
  expect(moment(weight, 2)).toBeCloseTo(bound ** 2 / 3, 5);
});

test("arange counts in steps, in the order in which values are stored", () => {
  const counted = weightOf(ops.parameter, { shape: [2, 3, 1], init: 0.5, distribution: "arange" }, 0, "");
  expect([...counted]).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
});

test("a weight depends on its seed alone", () => {
  expect(weightOf(ops.equalizedConv2d, attrs)).toEqual(weightOf(ops.equalizedConv2d, attrs));
  expect(weightOf(ops.equalizedConv2d, attrs, 1)).not.toEqual(weightOf(ops.equalizedConv2d, attrs));
});
