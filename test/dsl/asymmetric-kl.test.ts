/** What asymmetricKl refuses, at the author's line, before a layer is made. */
import { asymmetricKl, type AsymmetricKlOptions } from "litevae";
import { expect, test } from "vitest";
import { reportOf } from "./reports.ts";

test.each<[name: string, options: AsymmetricKlOptions, what: string, expected: string]>([
  ["another number of levels", { widths: [128, 256, 512] }, "widths of asymmetricKl", "4 to 4"],
  ["a width that groups do not divide", { widths: [128, 256, 500, 512] }, "do not divide a width", "multiples of 32"],
  ["a decoder of such", { decoder: { base: 100 } }, "do not divide a width", "multiples of 32"],
  ["a word that is misspelt", { blocks: 2, ...{ decodr: {} } }, "no setting decodr", "decoder"],
])("%s", (_, options, what, expected) => {
  const report = reportOf(() => asymmetricKl(options));
  const text = JSON.stringify(report);
  expect(text).toContain(what);
  expect(text).toContain(expected);
  expect(report.where?.file).toContain("asymmetric-kl.test.ts");
});
