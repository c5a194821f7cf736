import { expect, test } from "vitest";
import { csvTable, left, right, textTable } from "../../src/report/grid.ts";
import { binaryScales, compact, decimalScales, exactly, integer, ratio, scaled, scaleFor } from "../../src/report/numbers.ts";

test("whole numbers have thousands separators", () => {
  expect([0, 999, 1000, 41_431_612, 232_864_874_496].map(integer)).toEqual([
    "0",
    "999",
    "1,000",
    "41,431,612",
    "232,864,874,496",
  ]);
});

test("a column has one scale, that of its largest value", () => {
  const values = [5_758_058_496, 232_864_874_496, 1];
  const scale = scaleFor(values, decimalScales);
  expect(scale.prefix).toBe("G");
  expect(values.map((value) => scaled(value, scale, 3))).toEqual(["5.758", "232.865", "0.000"]);
});

test("exact figures have a readable one beside them where it says something else", () => {
  expect(exactly(56_868_864, "bytes", "B", binaryScales, 2)).toBe("56,868,864 bytes (54.23 MiB)");
  expect(exactly(512, "bytes", "B", binaryScales, 2)).toBe("512 bytes");
});

test("ratios keep two digits, however small, and are empty without a baseline", () => {
  expect([ratio(1, 1), ratio(6.75, 34.16), ratio(1.04, 34.16), ratio(0, 3), ratio(3, 0), ratio(3, undefined)]).toEqual([
    "1.00×",
    "0.20×",
    "0.030×",
    "0.00×",
    "",
    "",
  ]);
});

test("columns stay aligned when names take two terminal columns per character", () => {
  expect(
    textTable({
      columns: [left("model"), right("params")],
      rows: [
        ["モデル", "1"],
        ["é", "22"],
      ],
    }),
  ).toBe("model   params\n──────  ──────\nモデル       1\né           22\n");
});

test("CSV quotes commas, quotes and line feeds, and leaves unknown fields empty", () => {
  expect(
    csvTable(
      ["a", "b"],
      [
        ['x, "y"', null],
        ["line\nfeed", 1],
      ],
    ),
  ).toBe('a,b\n"x, ""y""",\n"line\nfeed",1\n');
});

test("rounded figures have three significant digits and a prefix", () => {
  const values = [0, 7, 999, 1000, 37_837_471_744, 999_999, 1_999_500, 232_864_874_496];
  expect(values.map((value) => compact(value))).toEqual(["0 ", "7 ", "999 ", "1.00 k", "37.8 G", "1.00 M", "2.00 M", "233 G"]);
  expect([512, 56_868_864, 2 ** 20 - 1].map((value) => compact(value, binaryScales))).toEqual(["512 ", "54.2 Mi", "1.00 Mi"]);
});
