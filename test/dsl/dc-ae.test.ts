/** What dcAe refuses, at the author's line, before a layer is made. */
import { dcAe, type DcAeOptions } from "litevae";
import { expect, test } from "vitest";
import { reportOf } from "./reports.ts";

const four = { widths: [8, 16, 32, 32], attentionLevels: [2, 3], blocks: [0, 1, 1, 1] };

test.each<[name: string, options: DcAeOptions, what: string, expected: string]>([
  ["latents that means need", { latentChannels: 12 }, "12 latent channels do not divide the last width", "a divisor of 1024"],
  ["parts of unlike levels", { encoder: four }, "widths of decoder of dcAe", "4 to 4"],
  ["a level without blocks", { encoder: { blocks: [0, 4, 0, 2, 2, 2] } }, "blocks[2] of encoder of dcAe", "at least 1"],
  ["a level that is not there", { decoder: { attentionLevels: [6] } }, "attentionLevels[0] of decoder of dcAe", "from 0 to 5"],
  ["a word that is misspelt", { decoder: { shortcut: true, ...{ upsampel: "conv" } } }, "no setting upsampel", "upsample"],
])("%s", (_, options, what, expected) => {
  const report = reportOf(() => dcAe(options));
  const text = JSON.stringify(report);
  expect(text).toContain(what);
  expect(text).toContain(expected);
  expect(report.where?.file).toContain("dc-ae.test.ts");
});

test("without shortcuts latents are of any width, and levels of either kind stand anywhere", () => {
  const levels = { ...four, attentionLevels: [1], blocks: [2, 1, 1, 1], shortcut: false };
  const built = dcAe({ latentChannels: 5, headSize: 4, encoder: levels, decoder: { ...levels, upsample: "interpolate" } });
  expect(built).toMatchObject({ latentChannels: 5, stride: 8 });
  expect(built.interchange?.diffusers).toMatchObject({
    encoder_block_types: ["ResBlock", "EfficientViTBlock", "ResBlock", "ResBlock"],
    encoder_out_shortcut: false,
    upsample_block_type: "interpolate",
  });
});
