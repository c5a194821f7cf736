import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHalf, toHalf } from "../../src/targets/onnx/float16.ts";
import { runPython } from "../support/python.ts";

const bytesOf = (data: Float32Array | Uint16Array): Uint8Array => new Uint8Array(data.buffer);
/** The bytes that numpy makes of these; `from` and `to` are its names of types. */
function cast(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const code = `
import sys, numpy as np
with np.errstate(over="ignore"):
    sys.stdout.buffer.write(np.frombuffer(sys.stdin.buffer.read(), "${from}").astype("${to}").tobytes())
`;
  return runPython(["-c", code], { input: bytes });
}

const halfBits = (...values: readonly number[]): readonly number[] => [
  ...new Uint16Array(toHalf(bytesOf(Float32Array.from(values))).buffer),
];
const valuesOf = (...bits: readonly number[]): readonly number[] => [
  ...new Float32Array(fromHalf(bytesOf(Uint16Array.from(bits))).buffer),
];

describe("float16", () => {
  test("known values", () => {
    const known = {
      0: 0,
      1: 0x3c00,
      "-2": 0xc000,
      65504: 0x7bff,
      0.333251953125: 0x3555,
      6.103515625e-5: 0x400,
      5.960464477539063e-8: 1,
    };
    expect(halfBits(...Object.keys(known).map(Number))).toEqual(Object.values(known));
    expect(halfBits(-0, Infinity, -Infinity, NaN)).toEqual([0x8000, 0x7c00, 0xfc00, 0x7e00]);
  });
  test("overflow begins half a step above the largest number", () => {
    expect(halfBits(65519.99, 65520, -65520, 1e38)).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00]);
  });
  test("half of the smallest step is 0, more is the step", () => {
    expect(halfBits(2 ** -25, 2 ** -25 * 1.001, 1e-40)).toEqual([0, 1, 0]);
  });
  test("every number survives the way there and back", () => {
    const bits = Array.from({ length: 0x10000 }, (_, i) => i).filter((i) => (i & 0x7fff) <= 0x7c00);
    expect(halfBits(...valuesOf(...bits))).toEqual(bits);
  });
  test(
    "every sign, exponent and first seven bits of a float32, and what lies beside, becomes what numpy makes of it",
    { tags: "python" },
    () => {
      // Half of a step and one bit less or more, so that ties are there for normal and subnormal numbers.
      const ends = [0, 1, 0xfff, 0x1000, 0x1001, 0x2000, 0x3000, 0x7fff, 0x8000, 0xf000, 0xffff];
      const patterns = Uint32Array.from({ length: 0x10000 * ends.length }, (_, i) => {
        return ((i & 0xffff) << 16) | (ends[i >>> 16] ?? 0);
      }).filter((bits) => (bits & 0x7fffffff) <= 0x7f800000);
      const bytes = new Uint8Array(patterns.buffer);
      expect(Buffer.compare(toHalf(bytes), cast(bytes, "<f4", "<f2"))).toBe(0);
    },
  );
  test("every half becomes the float32 that numpy makes of it", { tags: "python" }, () => {
    const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((i) => (i & 0x7fff) <= 0x7c00);
    expect(Buffer.compare(fromHalf(bytesOf(bits)), cast(bytesOf(bits), "<f2", "<f4"))).toBe(0);
  });
  test("rounding gives the nearest number, and the even one of two", () => {
    const float = fc.float({ min: -65504, max: 65504, noNaN: true });
    fc.assert(
      fc.property(float, (value) => {
        const [bits = 0] = halfBits(value);
        const [rounded = NaN] = valuesOf(bits);
        const distance = Math.abs(rounded - value);
        const neighbours = [bits - 1, bits + 1].filter(
          (other) => (other & 0x7fff) <= 0x7bff && (other & 0x8000) === (bits & 0x8000),
        );
        for (const other of valuesOf(...neighbours)) {
          expect(distance).toBeLessThanOrEqual(Math.abs(other - value));
          if (distance === Math.abs(other - value)) expect(bits & 1).toBe(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
