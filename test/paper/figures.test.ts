/** The paper's figures are whole, and where they meet what is counted here they agree. */
import { describe, expect, it } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { paper } from "../../src/paper/figures.ts";
import { countModel } from "../../src/report/count.ts";

describe("published figures", () => {
  const rows = [...paper.quality, ...paper.throughput, ...paper.mmd, ...paper.generation];

  it("name a table of the paper each, and models that are built in", () => {
    for (const { table } of [...rows, ...paper.ablations]) expect(table).toMatch(/^\d+[ab]?$/);
    for (const { builtIn } of rows) expect(Object.keys(builtIns)).toContain(builtIn);
  });

  it("are numbers in the range of their metric", () => {
    for (const { rfid, lpips, psnr, ssim } of paper.quality) {
      expect(rfid).toBeGreaterThan(0.1);
      expect(rfid).toBeLessThan(10);
      expect(lpips).toBeGreaterThan(0.05);
      expect(lpips).toBeLessThan(0.2);
      expect(psnr).toBeGreaterThan(24);
      expect(psnr).toBeLessThan(31);
      expect(ssim).toBeGreaterThan(0.68);
      expect(ssim).toBeLessThan(0.9);
    }
    for (const { values } of paper.mmd) expect(values.every(({ sigma, mmd }) => sigma > 0 && mmd > 0)).toBe(true);
  });

  it.each(paper.throughput)("give $model's encoder as many millions as its architecture has", ({ builtIn, params }) => {
    // The published counts are those of a 12-channel output: 6 latent channels, or 8 channels for the VAE at 4.
    const latentChannels = builtIn === "sd-vae" ? 4 : 6;
    const model = builtIns[builtIn]?.build({ latentChannels });
    const counted = model && countModel(model, 256).parts.encoder?.params;
    // Truncated or rounded to two places.
    expect(Math.abs((counted ?? NaN) / 1e6 - params)).toBeLessThan(0.01);
  });
});
