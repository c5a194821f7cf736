/** What another-configuration.test.ts tries, of lists of lists. */
// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { block, conv2d, layers } from "../../dsl/authoring.ts";
import { runs } from "../support/random.ts";
import { reservedNames } from "../../src/targets/torch/names.ts";
import { classesOf } from "../../src/targets/torch/program/classes.ts";
import { configs, modelOf, oneOf, silent, widths, type Config, type FeatureMap, type Layer } from "./designs.ts";

/** How long the lists in a list are. */
const stages: Readonly<Record<string, (config: Config) => readonly number[]>> = {
  "of the list": ({ mult }) => mult,
  "of one length": ({ mult, depth }) => mult.map(() => depth),
  "one more each": ({ depth }) => Array.from({ length: depth }, (_, i) => i + 1),
  "of two lists": ({ mult, at }) => mult.map((m, i) => (at.includes(i) ? m : 1)),
};

/** A list of lists alone: beside all that a design has, one case takes five seconds. */
function nested(stage: string, width: string): (config: Config) => Layer {
  return block("Nested", (config: Config) => {
    const out = widths[width]!(config);
    const l = layers({
      conv_in: conv2d({ in: 3, out }),
      stages: stages[stage]!(config).map((length) => Array.from({ length }, () => conv2d({ in: out, out, kernel: 1 }) as Layer)),
      conv_out: conv2d({ in: out, out: 4 }),
    });
    return (image: FeatureMap): FeatureMap => l.conv_out(l.stages.flat().reduce((h, each) => each(h), l.conv_in(image)));
  });
}

test.each(Object.keys(stages))("a class makes its block's lists of lists: %s", (stage) => {
  fc.assert(
    fc.property(oneOf(widths), configs, fc.array(configs, { minLength: 4, maxLength: 4 }), (width, given, others) => {
      const create = nested(stage, width);
      const classes = classesOf(
        modelOf(create, given).parts.map(({ graph }) => graph),
        reservedNames,
      );
      for (const config of others) expect(silent(classes, modelOf(create, config)), width).toBeUndefined();
    }),
    { seed: 1, ...runs(2, 40_000) },
  );
});
