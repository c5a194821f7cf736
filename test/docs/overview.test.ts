/** The README's image shows the counts of today: `npm run overview` draws it anew. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root } from "../e2e/litevae.ts";

interface Compared {
  readonly parts: { readonly encoder: { readonly params: number; readonly macs: number; readonly activationBytes: number } };
}

test("docs/overview.svg has the encoders' figures", async () => {
  const drawing = readFileSync(join(root, "docs/overview.svg"), "utf8");
  const { stdout } = await litevae(root, "compare", "examples/litevae-b.ts", "sd-vae", "--format", "json");
  for (const { parts } of JSON.parse(stdout) as readonly Compared[]) {
    const { params, macs, activationBytes } = parts.encoder;
    for (const figure of [
      `${(params / 1e6).toFixed(1)} M`,
      `${(macs / 1e9).toFixed(1)} GMACs`,
      `${(activationBytes / 2 ** 20).toFixed(1)} MiB`,
    ]) {
      expect(drawing).toContain(`>${figure}</text>`);
    }
  }
});
