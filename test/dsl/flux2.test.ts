/** What flux2Vae refuses, at the author's line, before a layer is made. */
import { flux2Vae } from "litevae";
import { expect, test } from "vitest";
import { reportOf } from "./reports.ts";

test.each<[name: string, build: () => unknown, what: string, expected: string]>([
  ["widths that groups do not divide", () => flux2Vae({ base: 100 }), "do not divide a width", "multiples of 32"],
  ["those of the decoder", () => flux2Vae({ decoder: { base: 48 } }), "do not divide a width", "multiples of 32"],
  ["a word that is misspelt", () => flux2Vae({ base: 32, ...{ decodr: {} } }), "no setting decodr", "decoder"],
])("%s", (_, build, what, expected) => {
  const report = reportOf(build);
  const text = JSON.stringify(report);
  expect(text).toContain(what);
  expect(text).toContain(expected);
  expect(report.where?.file).toContain("flux2.test.ts");
});
