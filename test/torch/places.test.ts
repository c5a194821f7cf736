/** Lists that an author writes place by place: each place has a rule. */
import { expect, test } from "vitest";
import { block, conv2d, layers, mul, parameter } from "../../dsl/authoring.ts";
import { sourceOf, type FeatureMap } from "../support/one-class.ts";

test("a list that is written place by place has a rule for each of its places", () => {
  const Pair = block("Pair", ({ dims }: { dims: readonly [number, number] }) => {
    const l = layers({ a: conv2d({ in: 16, out: dims[0] }), b: conv2d({ in: dims[0], out: dims[1] }) });
    return (x: FeatureMap): FeatureMap => l.b(l.a(x));
  });
  const Scaled = block("Scaled", ({ channels }: { channels: number }) => {
    const l = layers({
      pair: Pair({ dims: [2 * channels, channels] }),
      back: conv2d({ in: channels, out: 16 }),
      gamma: parameter({ shape: [channels, 1, 1] }),
    });
    return (x: FeatureMap): FeatureMap => l.back(mul(l.pair(x), l.gamma()));
  });
  const source = sourceOf(Scaled({ channels: 8 }));
  expect(source).toContain("self.pair = Pair(dims=(2 * channels, channels))");
  expect(source).toContain("self.gamma = parameter((channels, 1, 1))");
  expect(source).toContain("self.back(x * self.gamma)");
});
