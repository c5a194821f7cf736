import { expect, test } from "vitest";
import { labelPlaces, labelRows, places } from "../../src/report/html/label-places.ts";

const sides = (spots: Parameters<typeof labelPlaces>[0], width: number): readonly string[] =>
  labelPlaces(spots, width).map((place) => ["right", "left", "above", "below"][place] ?? "");

test("there are four sides", () => {
  expect(places).toHaveLength(4);
});

test("a label stands right of its mark where nothing is in the way", () => {
  expect(
    sides(
      [
        { x: 20, y: 50, label: "one" },
        { x: 200, y: 50, label: "two" },
      ],
      400,
    ),
  ).toEqual(["right", "right"]);
});

test("at the right edge it stands left, between a mark and the edge above, and below where that is taken", () => {
  const close = { x: 380, y: 50, label: "LiteVAE-M" };
  expect(sides([close], 420)).toEqual(["left"]);
  expect(sides([{ x: 300, y: 50, label: "LiteVAE-B" }, close], 420)).toEqual(["right", "above"]);
  expect(sides([{ x: 300, y: 50, label: "LiteVAE-B" }, { x: 380, y: 33, label: "" }, close], 420)).toEqual([
    "right",
    "right",
    "below",
  ]);
});

test("names above a plot take another row where they would run into each other", () => {
  const names = [
    { x: 100, width: 50 },
    { x: 90, width: 50 },
    { x: 165, width: 20 },
  ];
  expect(labelRows(names)).toEqual([1, 0, 0]);
});
