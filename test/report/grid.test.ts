/** Tables of text for terminals of any width. */
import { expect, test } from "vitest";
import { left, right, textTable } from "../../src/report/grid.ts";

const grid = {
  columns: [left("model"), right("params"), right("MACs"), left("about the model")],
  rows: [
    ["s", "1,038,012", "5,758,058,496", "small"],
    ["sd-vae", "34,163,592", "136,361,017,344", "beside"],
  ],
};

test("columns that do not fit go below, each with the first", () => {
  expect(`\n${textTable(grid, 40)}`).toBe(`
model       params             MACs
──────  ──────────  ───────────────
s        1,038,012    5,758,058,496
sd-vae  34,163,592  136,361,017,344

model   about the model
──────  ───────────────
s       small
sd-vae  beside
`);
});

test.each([35, 52])("none is wider than %i characters", (width) => {
  expect(
    textTable(grid, width)
      .split("\n")
      .filter((line) => line.length > width),
  ).toEqual([]);
});

test("one that fits nowhere stands alone beside the first, and a table that fits is whole", () => {
  expect(textTable(grid, 1).match(/^model /gm)).toHaveLength(3);
  expect(textTable(grid, 52)).toBe(textTable(grid));
  expect(textTable({ columns: [left("one")], rows: [["x"]] }, 2)).toBe("one\n───\nx\n");
});
