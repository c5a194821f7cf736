/** Classes of blocks whose settings are pairs. */
// @module-tag python
import { expect, test } from "vitest";
import { add, block, conv2d, convTranspose2d, layers, smcConv2d } from "../../dsl/authoring.ts";
import type { Pair } from "../../src/ir/attributes.ts";
import { classOf, type FeatureMap } from "../support/one-class.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

interface Config {
  readonly kernel: Pair;
  readonly width: number;
}

test("a pair in the configuration is an argument of the class", async () => {
  const Strip = block("Strip", ({ kernel, width }: Config) => {
    const l = layers({ conv: conv2d({ in: 16, out: width, kernel }), smc: smcConv2d({ in: width, out: 16, kernel }) });
    return (x: FeatureMap): FeatureMap => l.smc(l.conv(x));
  });
  const source = await classOf(torch(), Strip, [
    { kernel: [1, 7], width: 24 },
    { kernel: [3, 5], width: 8 },
    { kernel: [1, 1], width: 12 },
  ]);
  expect(source).toContain("nn.Conv2d(16, width, kernel, padding=same_padding(kernel))");
  expect(source).toContain("SMCConv2d(width, 16, kernel, padding=same_padding(kernel))");
});

test("pairs of numbers in the configuration are expressions", async () => {
  const Axial = block("Axial", ({ size }: { readonly size: number }) => {
    const l = layers({
      across: conv2d({ in: 16, out: 16, kernel: [1, size], padding: [0, (size - 1) / 2] }),
      along: conv2d({ in: 16, out: 16, kernel: [size, 1], groups: 16 }),
      cells: conv2d({ in: 16, out: 16, kernel: [1, 2], stride: [1, 2] }),
      back: convTranspose2d({ in: 16, out: 16, kernel: [1, 2], stride: [1, 2] }),
    });
    return (x: FeatureMap): FeatureMap => add(l.back(l.cells(l.along(l.across(x)))), x);
  });
  const source = await classOf(torch(), Axial, [{ size: 7 }, { size: 3 }, { size: 11 }]);
  expect(source).toContain("self.across = nn.Conv2d(16, 16, (1, size), padding=(0, size // 2))");
  expect(source).toContain("self.along = nn.Conv2d(16, 16, (size, 1), padding=same_padding((size, 1)), groups=16)");
  expect(source).toContain("self.cells = nn.Conv2d(16, 16, (1, 2), stride=(1, 2))");
  expect(source).toContain("self.back = nn.ConvTranspose2d(16, 16, (1, 2), stride=(1, 2))");
});
