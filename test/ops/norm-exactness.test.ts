/** Norms in onnxruntime on images of which naive sums make something else: within what the README promises of float64, at large sizes too. */
// @module-tag slow
import { describe, expect, test } from "vitest";
import { globalPool } from "../../src/ops/global-pool.ts";
import { groupNorm } from "../../src/ops/group-norm.ts";
import { instanceNorm } from "../../src/ops/instance-norm.ts";
import { layerNorm } from "../../src/ops/layer-norm.ts";
import { linearAttention } from "../../src/ops/linear-attention.ts";
import { floats, tensorOf, type Tensor } from "../../src/ir/tensor.ts";
import { audiences, type Audience } from "../../src/targets/onnx/audience.ts";
import { runOneOp } from "../../src/op-test/one-op.ts";
import { randomOf } from "../support/random.ts";

const [channels, eps] = [4, 1e-6];
const weight = Float32Array.of(1.3, -0.7, 2.1, 0.4);
const bias = Float32Array.of(0.2, -1.1, 0, 0.9);

/** A value at a channel, row and column of a square map. */
type Fill = (channel: number, y: number, x: number, side: number, random: () => number) => number;

const inside = (y: number, x: number, side: number): boolean => [y, x].every((at) => at >= side / 8 && at < side - side / 8);
const fills: Readonly<Record<string, Fill>> = {
  noise: (_c, _y, _x, _side, random) => random(),
  "noise far from 0": (_c, _y, _x, _side, random) => 20 + random(),
  "a constant of one": () => -1,
  "a constant that has no short form": () => 0.7371,
  "a large constant": (channel) => 50.123 + 0 * channel,
  "low contrast on a large mean": (_c, _y, _x, _side, random) => 0.7371 + 1e-3 * random(),
  "text on white": (_c, y, x, _side, random) => (y % 9 < 5 && x % 7 < 2 && random() > 0 ? -0.8 : 0.9371),
  "a black border on a flat page": (_c, y, x, side) => (inside(y, x, side) ? 0.4177 : -0.913),
  "a black border beside noise": (_c, y, x, side, random) => (inside(y, x, side) ? random() : -0.913),
  "one bright corner": (_c, y, x) => (x + y === 0 ? 300 : -0.913),
  "one bright row": (channel, y) => (channel === 0 && y === 0 ? 30 : -0.913),
  "a gradient": (_c, _y, x, side) => (2 * x) / side - 1,
};

function filled(fill: Fill, side: number): Tensor {
  const random = randomOf(7);
  const uniform = (): number => random() * 2 - 1;
  const data = new Float32Array(channels * side * side);
  for (let i = 0; i < data.length; i++) {
    const place = i % (side * side);
    data[i] = fill(Math.floor(i / (side * side)), Math.floor(place / side), place % side, side, uniform);
  }
  return tensorOf([1, channels, side, side], data);
}

/** In float64, as Wu and He define it; one channel in a group is the norm of Ulyanov et al. */
function normalised({ data, shape }: Tensor, groups: number): Float64Array {
  const values = Float64Array.from(data as Float32Array);
  const area = (shape[2] ?? 0) * (shape[3] ?? 0);
  const length = (channels / groups) * area;
  for (let begin = 0; begin < values.length; begin += length) {
    const group = values.subarray(begin, begin + length);
    const mean = group.reduce((sum, value) => sum + value, 0) / length;
    const variance = group.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length;
    group.forEach((value, i) => {
      const channel = Math.floor((begin + i) / area);
      group[i] = ((value - mean) / Math.sqrt(variance + eps)) * (weight[channel] ?? 0) + (bias[channel] ?? 0);
    });
  }
  return values;
}

/** The largest difference, relative to max(1, max|y|). */
function relativeError(found: Tensor, expected: Float64Array): number {
  const values = floats(found);
  let [error, largest] = [0, 1];
  expected.forEach((value, i) => {
    error = Math.max(error, Math.abs(value - (values[i] as number)));
    largest = Math.max(largest, Math.abs(value));
  });
  return error / largest;
}

const parameters = { weight: tensorOf([channels], weight), bias: tensorOf([channels], bias) };
const norms = {
  groupNorm: async (input: Tensor, audience: Audience) => {
    const [found] = await runOneOp(groupNorm, { channels, groups: 2, eps }, [input], parameters, undefined, audience);
    return relativeError(found as Tensor, normalised(input, 2));
  },
  instanceNorm: async (input: Tensor, audience: Audience) => {
    const attrs = { channels, eps, affine: true };
    const [found] = await runOneOp(instanceNorm, attrs, [input], parameters, undefined, audience);
    return relativeError(found as Tensor, normalised(input, channels));
  },
} as const;
// Sums of blocks, and of rows.
const named = Object.entries(norms).flatMap(([name, error]) =>
  (["portable", "cpu"] as const).map(
    (audience) => [name, audience, (input: Tensor): Promise<number> => error(input, audiences[audience])] as const,
  ),
);

describe.each(named)("%s for %s", (_norm, _audience, error) => {
  test.each(Object.keys(fills).flatMap((name) => [128, 512].map((side) => [name, side] as const)))(
    "of %s, %i²",
    async (name, side) => {
      expect(await error(filled(fills[name] as Fill, side))).toBeLessThan(1e-5);
    },
    60_000,
  );
});

// An instance norm is a group norm of one channel a group: one of them shows what the size does.
test.each(named.filter(([norm]) => norm === "groupNorm"))(
  "%s for %s of the constant and of a flat page with a border at 2048²",
  async (_norm, _audience, error) => {
    for (const name of ["a constant that has no short form", "a black border on a flat page"]) {
      expect(await error(filled(fills[name] as Fill, 2048)), name).toBeLessThan(1e-5);
    }
  },
  60_000,
);

test("globalPool's mean and sum of a constant at 1024²", async () => {
  const side = 1024;
  const input = filled(fills["a constant that has no short form"] as Fill, side);
  for (const [reduction, expected] of [
    ["mean", Math.fround(0.7371)],
    ["sum", Math.fround(0.7371) * side * side],
  ] as const) {
    const [found] = await runOneOp(globalPool, { reduction }, [input]);
    for (const value of floats(found as Tensor)) expect(Math.abs(value / expected - 1), reduction).toBeLessThan(1e-5);
  }
});

test.each<readonly [string, (channel: number, random: () => number) => number]>([
  ["noise", (_, random) => random()],
  ["low contrast on a large mean", (_, random) => 50.123 + 1e-3 * random()],
  ["one value in all channels", () => 50.123],
  ["one channel far from all others", (channel, random) => (channel === 5 ? 300 : random())],
  ["the first channel far from all others", (channel, random) => (channel === 0 ? 300 : random())],
])("layerNorm of %s", async (_, fill) => {
  const [width, side] = [512, 4];
  const random = randomOf(7);
  const data = Float32Array.from({ length: width * side ** 2 }, (_value, i) =>
    fill(Math.floor(i / side ** 2), () => random() * 2 - 1),
  );
  const expected = new Float64Array(data.length);
  for (let position = 0; position < side ** 2; position++) {
    const values = Float64Array.from({ length: width }, (_value, channel) => data[channel * side ** 2 + position] as number);
    const mean = values.reduce((sum, value) => sum + value, 0) / width;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    values.forEach((value, channel) => {
      expected[channel * side ** 2 + position] = (value - mean) / Math.sqrt(variance + eps);
    });
  }
  const state = { weight: tensorOf([width], new Float32Array(width).fill(1)) };
  const input = tensorOf([1, width, side, side], data);
  const [found] = await runOneOp(layerNorm, { channels: width, eps, bias: false }, [input], state);
  expect(relativeError(found as Tensor, expected)).toBeLessThan(1e-5);
});

test.each(["portable", "cpu"] as const)("linearAttention for %s of a flat map at 256²", async (audience) => {
  const side = 256;
  const flat = (of: number): Tensor => {
    const data = Float32Array.from({ length: channels * side ** 2 }, (_, i) => of * (1 + 0.13 * Math.floor(i / side ** 2)));
    return tensorOf([1, channels, side, side], data);
  };
  const values = flat(0.7371);
  const inputs = [flat(0.9137), flat(0.4177), values];
  const [found] = await runOneOp(linearAttention, { heads: 2, eps: 1e-15 }, inputs, {}, undefined, audiences[audience]);
  expect(relativeError(found as Tensor, Float64Array.from(floats(values)))).toBeLessThan(2e-5);
});

test.each(Object.keys(audiences) as (keyof typeof audiences)[])(
  "an image that is not finite leaves others alone for %s",
  async (audience) => {
    const shape = [2, channels, 20, 12];
    const data = Float32Array.from({ length: 2 * channels * 240 }, (_, i) =>
      i === 7 ? NaN : i === channels * 240 - 1 ? Infinity : Math.sin(i),
    );
    const input = tensorOf(shape, data);
    for (const [op, attrs, state] of [
      [groupNorm, { channels, groups: 2, eps }, parameters],
      [globalPool, { reduction: "mean" }, {}],
      [globalPool, { reduction: "sum" }, {}],
    ] as const) {
      const [found] = await runOneOp(op, attrs, [input], state, undefined, audiences[audience]);
      const second = floats(found as Tensor).subarray(floats(found as Tensor).length / 2);
      expect(second.every(Number.isFinite), op.name).toBe(true);
    }
  },
);
