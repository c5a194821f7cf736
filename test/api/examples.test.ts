/** The examples of the API: a gate, which is a test of its own, and a sweep, whose counts follow from the widths. */
import { expect, test } from "vitest";
import { sweep, widest } from "../../examples/api/sweep.ts";
import "../../examples/api/budget.test.ts";

test("a sweep over 200 widths counts every one of them", async () => {
  const widths = await sweep(200);
  const params = widths.map(({ counted }) => counted.parts["encoder"]!.params);
  expect(widths.map(({ channels }) => channels)).toEqual(Array.from({ length: 200 }, (_, i) => 8 * (i + 1)));
  // Of convolutions between maps of k·c channels a quadratic in c: its third difference is 0.
  const difference = (values: readonly number[]): readonly number[] => values.slice(1).map((value, i) => value - values[i]!);
  expect(new Set(difference(difference(difference(params))))).toEqual(new Set([0]));
  expect(difference(params).every((step) => step > 0)).toBe(true);
  // The decoder widens as the encoder does.
  expect(new Set(widths.map(({ counted }) => counted.parts["decoder"]?.macs)).size).toBe(200);
  const limit = params[99]! + 1;
  expect(widest(widths, limit)?.channels).toBe(800);
  expect(widest(widths, 0)).toBeUndefined();
});
