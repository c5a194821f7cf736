/** Residual quantisers: each takes what those before left, and all are summed. Programs of two lengths go through one class, and soon. */
import { expect, test } from "vitest";
import { add, block, conv2d, layers, sub } from "../../dsl/authoring.ts";
import { sourceOf, type FeatureMap } from "../support/one-class.ts";

interface Config {
  readonly base: number;
  readonly multipliers: readonly number[];
  readonly residuals: number;
}

test("a sum over what is left, behind loops of nested lists", { timeout: 20_000 }, () => {
  const Residual = block("Residual", ({ base, multipliers, residuals }: Config) => {
    const l = layers({
      stem: conv2d({ in: 16, out: base }),
      levels: multipliers.map((m) => ({
        res: [1, 3].map((dilation) => conv2d({ in: m * base, out: m * base, dilation })),
      })),
      rvq: Array.from({ length: residuals }, () => conv2d({ in: base, out: base })),
    });
    return (image: FeatureMap): FeatureMap => {
      let x: FeatureMap = l.stem(image);
      for (const { res } of l.levels) x = res.reduce<FeatureMap>((y, layer) => layer(y), x);
      let rest = x;
      let sum = rest;
      for (const quantizer of l.rvq) {
        const code: FeatureMap = quantizer(rest);
        rest = sub(rest, code);
        sum = add(sum, code);
      }
      return sum;
    };
  });
  // Every way through the sums was walked: with two or three quantisers for hours.
  for (const residuals of [2, 3, 4]) {
    const source = sourceOf(Residual({ base: 16, multipliers: [1], residuals }));
    expect(source).toContain(`self.rvq[${residuals - 1}]`);
    expect(source).toContain("for level in self.levels:");
  }
});
