/** What `times`, `plus`, `over` and `zip` give, and what they refuse. */
import { describe, expect, test } from "vitest";
import { over, plus, times, zip } from "litevae/dsl";
import { marksIn, reportOf } from "./reports.ts";

const at = marksIn(import.meta.url);

describe("widths", () => {
  test("are the numbers that JavaScript computes", () => {
    expect([times(16, 3), plus(16, 24), over(48, 6), times(12, 0.5)]).toEqual([48, 40, 8, 6]);
  });
  test("are of numbers, and of two", () => {
    const text = JSON.parse('"2"') as number;
    expect(reportOf(() => times(16, text)).what).toBe("factor of times is not a finite number");
    expect(reportOf(() => (plus as (...given: readonly number[]) => number)(1, 2, 3)).what).toBe("plus is given 3 arguments");
  });
  test("are refused where a division leaves a rest", () => {
    const report = reportOf(() => over(50, 4)); // @rest
    expect(report).toEqual({
      what: "50 channels have no 4 equal parts",
      where: at("rest"),
      expected: "a multiple of 4",
      found: "50",
      help: "choose a width that it divides, or round: Math.floor(width / parts)",
    });
  });
});

describe("zip", () => {
  test("sets lists side by side", () => {
    expect(zip([1, 2], ["a", "b"], [true, false])).toEqual([
      [1, "a", true],
      [2, "b", false],
    ]);
    expect(zip([], [])).toEqual([]);
  });
  test("refuses lists of other lengths, and no list", () => {
    const report = reportOf(() => zip([1, 2], [3, 4, 5])); // @lengths
    expect(report).toEqual({
      what: "zip is not given lists of one length",
      where: at("lengths"),
      expected: "zip(first, second), lists that are equally long",
      found: "an array of 2, an array of 3",
      help: "leave out what has no partner, such as list.slice(1)",
    });
    expect(reportOf(() => zip()).found).toBe("nothing");
    const three = JSON.parse("3") as readonly unknown[];
    expect(reportOf(() => zip([1], three)).found).toBe("an array of 1, number");
  });
});
