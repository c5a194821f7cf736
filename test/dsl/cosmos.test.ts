/** What cosmosTokenizer refuses, at the author's line, before a layer is made. */
import { cosmosTokenizer } from "litevae";
import { expect, test } from "vitest";
import { reportOf } from "./reports.ts";

test.each<[name: string, build: () => unknown, what: string, expected: string]>([
  ["another stride", () => cosmosTokenizer({ stride: 4 as never }), "no such stride", "8 or 16"],
  ["widths that groups do not divide", () => cosmosTokenizer({ base: 48 }), "do not divide the widths", "a multiple of 32"],
  ["a word that is misspelt", () => cosmosTokenizer({ base: 32, ...{ strid: 8 } }), "no setting strid", "stride"],
])("%s", (_, build, what, expected) => {
  const report = reportOf(build);
  const text = JSON.stringify(report);
  expect(text).toContain(what);
  expect(text).toContain(expected);
  expect(report.where?.file).toContain("cosmos.test.ts");
});
