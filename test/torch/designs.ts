/** Configurations of blocks that make some use of some settings, and whether a class that was made for one makes what its block makes of another. */
import fc from "fast-check";
import { conv2d, model, type Feature } from "../../dsl/authoring.ts";
import type { Block, Body, Model } from "../../src/ir/model.ts";
import { bodiesIn } from "../../src/targets/torch/program/children.ts";
import type { Classes } from "../../src/targets/torch/program/classes.ts";

export type FeatureMap = Feature<number, number>;
export type Layer = (x: FeatureMap) => FeatureMap;

/** The settings of every block here; each makes some use of some of them. */
export interface Config {
  readonly ch: number;
  readonly mult: readonly number[];
  readonly depth: number;
  readonly at: readonly number[];
  readonly flags: readonly boolean[];
  readonly kinds: readonly string[];
  readonly on: boolean;
  readonly ratio: number;
}

/** How a number follows from the settings. */
export const widths: Readonly<Record<string, (config: Config) => number>> = {
  plain: ({ ch }) => ch,
  double: ({ ch }) => 2 * ch,
  "with a limit": ({ ch }) => Math.min(4 * ch, 256),
  "with a lower limit": ({ ch }) => Math.max(ch, 64),
  "another above a threshold": ({ ch }) => (ch >= 100 ? 64 : ch),
  "far above a threshold": ({ ch }) => (ch > 700 ? 64 : ch),
  "from an item": ({ ch, mult }) => ch * (mult[1] ?? 1),
  "from the largest item": ({ ch, mult }) => ch * Math.max(...mult),
  "from the sum": ({ mult }) => mult.reduce((sum, m) => sum + m, 0),
  "a power": ({ ch, depth }) => ch * 2 ** depth,
  "a multiple of 8": ({ ch }) => 8 * Math.ceil(ch / 8),
  "by parity": ({ ch, depth }) => (depth % 2 === 0 ? ch : 2 * ch),
  rounded: ({ ch, ratio }) => Math.max(1, Math.round(ch * ratio)),
  "rounded up": ({ ch }) => Math.ceil(ch / 3),
  remainder: ({ ch }) => 1 + (ch % 7),
  "from a length": ({ ch, at }) => ch + at.length,
  "if a position is listed": ({ ch, at }) => (at.includes(1) ? ch : 2 * ch),
  "a quotient with a limit": ({ ch, depth }) => Math.max(8, Math.floor(ch / depth)),
  "a limited power": ({ ch, depth }) => ch * Math.min(2 ** depth, 8),
  "a multiple of a setting": ({ ch, depth }) => depth * Math.ceil(ch / depth),
  square: ({ depth }) => depth * depth + 1,
};

export const oneOf = (of: object): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(of));
export const configs: fc.Arbitrary<Config> = fc.record<Config>(
  {
    ch: fc.constantFrom(4, 6, 8, 16, 24, 32, 64, 96, 100, 128, 144, 256, 512, 700, 720, 1008),
    mult: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
    depth: fc.integer({ min: 1, max: 5 }),
    at: fc.subarray([0, 1, 2, 3, 4]),
    flags: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
    kinds: fc.array(fc.constantFrom("wide", "narrow"), { minLength: 1, maxLength: 5 }),
    on: fc.boolean(),
    ratio: fc.constantFrom(0.5, 0.75, 1, 1.5, 2),
  },
  { noNullPrototype: true },
);

export function modelOf(create: (config: Config) => Layer, config: Config): Model {
  return model<number>({ name: "designed", latentChannels: 2, encoder: create(config), decoder: conv2d({ in: 2, out: 3 }) });
}

const blocksOf = ({ parts }: Model): readonly (readonly [Block, Body])[] => parts.flatMap(({ graph }) => [...bodiesIn(graph)]);

/** The settings under which a class makes something else, and says nothing of it. */
export function silent(classes: Classes, other: Model): string | undefined {
  for (const [made, body] of blocksOf(other)) {
    const same = classes.programs.filter(({ definition }) => definition === made.definition);
    if (same.some((program) => program.contradicts(made, body))) return JSON.stringify(made.config);
  }
  return undefined;
}
