/** Blocks of many settings: what is looked at grows with the settings, and no class is silently another network for that. */
// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { add, block, conv2d, groupNorm, layers, network, relu, silu } from "../../dsl/authoring.ts";
import type { Model } from "../../src/ir/model.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { reservedNames } from "../../src/targets/torch/names.ts";
import { classesOf } from "../../src/targets/torch/program/classes.ts";
import { runs } from "../support/random.ts";
import { silent, type FeatureMap, type Layer } from "./designs.ts";

const ranges = {
  out: fc.constantFrom(8, 16, 24),
  mid: fc.constantFrom(16, 24, 48),
  stride: fc.constantFrom(1, 2),
  groups: fc.constantFrom(1, 2, 4, 8),
  kernel: fc.constantFrom(1, 3, 5),
  depth: fc.nat({ max: 4 }),
  expand: fc.integer({ min: 1, max: 4 }),
  factor: fc.integer({ min: 1, max: 4 }),
  last: fc.constantFrom(4),
  norm: fc.boolean(),
  skip: fc.boolean(),
  bias: fc.boolean(),
  activate: fc.boolean(),
};

type Many = { readonly [Name in keyof typeof ranges]: (typeof ranges)[Name] extends fc.Arbitrary<infer Value> ? Value : never };

const many: fc.Arbitrary<Many> = fc.record<Many>(ranges, { noNullPrototype: true });

const Residual = block("Residual", (config: Many): Layer => {
  const { out, mid, stride, groups, kernel, depth, expand, factor, last, norm, skip, bias, activate } = config;
  const l = layers({
    first: conv2d({ in: 3, out: mid, stride, kernel, padding: (kernel - 1) / 2, bias }),
    ...(norm ? { norm: groupNorm({ channels: mid }) } : {}),
    body: Array.from({ length: depth }, () => conv2d({ in: mid, out: mid, groups })),
    wide: conv2d({ in: mid, out: mid * expand, kernel: 1 }),
    narrow: conv2d({ in: mid * expand, out: out * factor, kernel: 1 }),
    second: conv2d({ in: out * factor, out: mid, kernel: 1 }),
    // Asks for two equal numbers and a third of one value.
    ...(skip && (mid !== out || stride !== 1) ? { shortcut: conv2d({ in: mid, out: mid, kernel: 1 }) } : {}),
    last: conv2d({ in: mid, out: last, kernel: 1 }),
  });
  return (image: FeatureMap): FeatureMap => {
    const x: FeatureMap = l.first(image);
    let h = l.norm ? l.norm(x) : x;
    for (const each of l.body) h = each(h);
    if (activate) h = relu(h);
    h = l.second(l.narrow(silu(l.wide(h))));
    if (skip) h = add(h, l.shortcut ? l.shortcut(x) : x);
    return l.last(h);
  };
});

const networkOf = (made: Layer): Model => network({ name: "many", inputs: [{ channels: 3 }], block: made });

test("a class of thirteen settings makes what its block makes", () => {
  fc.assert(
    fc.property(many, fc.array(many, { minLength: 12, maxLength: 12 }), (given, others) => {
      const classes = classesOf(
        networkOf(Residual(given)).parts.map(({ graph }) => graph),
        reservedNames,
      );
      for (const config of others) expect(silent(classes, networkOf(Residual(config)))).toBeUndefined();
    }),
    { seed: 1, ...runs(3, 60_000) },
  );
}, 90_000);

test("of too many settings a class says that it is made for them", () => {
  const Chain = block("Chain", (widths: Readonly<Record<string, number>>): Layer => {
    const all = Object.values(widths);
    const { chain } = layers({ chain: all.map((out, i) => conv2d({ in: all[i - 1] ?? 3, out, kernel: 1 }) as Layer) });
    return (image: FeatureMap): FeatureMap => chain.reduce((x, each) => each(x), image);
  });
  const widths = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`width${i}`, 4 + (i % 3)] as const));
  const text = modelPy(networkOf(Chain(widths)));
  expect(text).toContain("Made for width0 4, width1 5, width2 6,");
  expect(text).toContain("def __init__(self) -> None:");
});
