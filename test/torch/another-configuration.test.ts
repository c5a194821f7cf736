/** Never silently another network: what a class makes of other arguments is what the block makes of them, or the docstring says what it is made for. */
// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  add,
  batchNorm2d,
  block,
  concat,
  conv2d,
  groupNorm,
  layers,
  model,
  relu,
  scale,
  silu,
  type Feature,
} from "../../dsl/authoring.ts";
import { runs } from "../support/random.ts";
import type { Block, Body, Model } from "../../src/ir/model.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { reservedNames } from "../../src/targets/torch/names.ts";
import { bodiesIn } from "../../src/targets/torch/program/children.ts";
import { classesOf, type Classes } from "../../src/targets/torch/program/classes.ts";

type FeatureMap = Feature<number, number>;
type Layer = (x: FeatureMap) => FeatureMap;

/** The settings of every block here; each makes some use of some of them. */
interface Config {
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
const widths: Readonly<Record<string, (config: Config) => number>> = {
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

/** How the width of an item follows from its place. */
const items: Readonly<Record<string, (config: Config, i: number, count: number) => number>> = {
  same: ({ ch }) => ch,
  scaled: ({ ch, mult }, i) => ch * (mult[i] ?? 1),
  "scaled, with a limit": ({ ch, mult }, i) => Math.min(ch * (mult[i] ?? 1), 256),
  "of the item before": ({ ch, mult }, i) => ch * (mult[i - 1] ?? 1),
  doubled: ({ ch }, i) => ch * 2 ** Math.min(i, 4),
  counted: ({ ch }, i) => ch * (i + 1),
  "first differs": ({ ch }, i) => (i === 0 ? ch : 2 * ch),
  "last differs": ({ ch }, i, count) => (i === count - 1 ? ch : 2 * ch),
  "from the third on": ({ ch }, i) => (i >= 2 ? ch : 2 * ch),
  "to a depth": ({ ch, depth }, i) => (i < depth ? ch : 2 * ch),
  "every other": ({ ch }, i) => (i % 2 === 0 ? ch : 2 * ch),
  "where listed": ({ ch, at }, i) => (at.includes(i) ? ch : 2 * ch),
  "where flagged": ({ ch, flags }, i) => (flags[i] === true ? ch : 2 * ch),
  "by kind": ({ ch, kinds }, i) => (kinds[i] === "wide" ? 2 * ch : ch),
};

const counts: Readonly<Record<string, (config: Config) => number>> = {
  none: () => 0,
  three: () => 3,
  depth: ({ depth }) => depth,
  "of the list": ({ mult }) => mult.length,
  "one less": ({ mult }) => mult.length - 1,
  "of two settings": ({ mult, depth }) => mult.length * depth,
  "of the sum": ({ mult }) => mult.reduce((sum, m) => sum + m, 0),
};

/** When something is there. */
const tests: Readonly<Record<string, (config: Config, i: number) => boolean>> = {
  never: () => false,
  always: () => true,
  on: ({ on }) => on,
  "some depth": ({ depth }) => depth > 0,
  deep: ({ depth }) => depth >= 3,
  even: ({ depth }) => depth % 2 === 0,
  wide: ({ ch }) => ch > 128,
  "very wide": ({ ch }) => ch > 1000,
  listed: ({ at }) => at.includes(2),
  "any listed": ({ at }) => at.length > 0,
  flagged: ({ flags }) => flags[0] === true,
  "of a kind": ({ kinds }) => kinds[0] === "wide",
  long: ({ mult }) => mult.length > 2,
  "two reasons": ({ on, depth }) => on || depth > 2,
  "scaled down": ({ ratio }) => ratio < 1,
};

interface Design {
  readonly width: string;
  readonly item: string;
  readonly count: string;
  readonly test: string;
  readonly factor: string;
}

const oneOf = (of: object): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(of));
const designs: fc.Arbitrary<Design> = fc.record({
  width: oneOf(widths),
  item: oneOf(items),
  count: oneOf(counts),
  test: oneOf(tests),
  factor: fc.constantFrom("none", "a test", "a width"),
});

const configs: fc.Arbitrary<Config> = fc.record<Config>(
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

function designed({ width, item, count, test: there, factor }: Design): (config: Config) => Layer {
  return block("Designed", (config: Config) => {
    const out = widths[width]!(config);
    const number = counts[count]!(config);
    const outs = Array.from({ length: number }, (_, i) => items[item]!(config, i, number));
    const holds = tests[there]!(config, 0);
    const l = layers({
      conv_in: conv2d({ in: 3, out }),
      body: outs.map((each, i) => conv2d({ in: outs[i - 1] ?? out, out: each }) as Layer),
      ...(holds ? { extra: conv2d({ in: outs.at(-1) ?? out, out: outs.at(-1) ?? out, kernel: 1 }) } : {}),
      conv_out: conv2d({ in: outs.at(-1) ?? out, out: 4 }),
    });
    return (image: FeatureMap): FeatureMap => {
      let x = l.body.reduce<FeatureMap>((h, each) => each(h), l.conv_in(image));
      if (l.extra !== undefined) x = add(x, l.extra(silu(x)));
      if (factor === "a test" && holds) x = relu(x);
      if (factor === "a width") x = scale(x, { factor: out });
      return l.conv_out(x);
    };
  });
}

function modelOf(create: (config: Config) => Layer, config: Config): Model {
  return model<number>({ name: "designed", latentChannels: 2, encoder: create(config), decoder: conv2d({ in: 2, out: 3 }) });
}

const blocksOf = ({ parts }: Model): readonly (readonly [Block, Body])[] => parts.flatMap(({ graph }) => [...bodiesIn(graph)]);

/** The settings under which a class makes something else, and says nothing of it. */
function silent(classes: Classes, other: Model): string | undefined {
  for (const [made, body] of blocksOf(other)) {
    const same = classes.programs.filter(({ definition }) => definition === made.definition);
    if (same.some((program) => program.contradicts(made, body))) return JSON.stringify(made.config);
  }
  return undefined;
}

test("a class makes what its block makes, under every configuration that it takes", () => {
  fc.assert(
    fc.property(designs, configs, fc.array(configs, { minLength: 6, maxLength: 6 }), (design, given, others) => {
      const create = designed(design);
      const classes = classesOf(
        modelOf(create, given).parts.map(({ graph }) => graph),
        reservedNames,
      );
      for (const config of others) expect(silent(classes, modelOf(create, config)), JSON.stringify(design)).toBeUndefined();
    }),
    { seed: 1, ...runs(24, 80_000) },
  );
}, 90_000);

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
    { seed: 1, ...runs(3, 40_000) },
  );
});

const Stage = block("Stage", (ch: number, { act, kernels }: { act: Layer; kernels: readonly (readonly number[])[] }) => {
  const l = layers({ convs: kernels.flat().map((kernel) => conv2d({ in: ch, out: ch, kernel }) as Layer) });
  return (x: FeatureMap): FeatureMap => act(l.convs.reduce((h, each) => each(h), x));
});

test("what no class takes is named, an argument without a name is called as its author calls it", () => {
  const Encoder = block("Encoder", () => {
    const l = layers({
      stem: conv2d({ in: 3, out: 16 }),
      stage: Stage(16, { act: silu, kernels: [[1], [3, 3]] }),
      head: conv2d({ in: 16, out: 4 }),
    });
    return (image: Feature<3, 1>): Feature<4, 1> => l.head(l.stage(l.stem(image)));
  });
  const source = modelPy(model({ name: "given", latentChannels: 2, encoder: Encoder(), decoder: conv2d({ in: 2, out: 3 }) }));
  expect(source).toContain("Made for act silu, kernels [[1],[3,3]].");
  expect(source).toContain("def __init__(self, ch: int) -> None:");
});

test("a class around children that are made for a setting names it, too", () => {
  const Parallel = block("Parallel", ({ ch, kernels }: { ch: number; kernels: readonly number[] }) => {
    const l = layers({ convs: kernels.map((kernel) => conv2d({ in: ch, out: ch / kernels.length, kernel })) });
    return (x: FeatureMap): FeatureMap => l.convs.map((conv): FeatureMap => conv(x)).reduce((all, each) => concat(all, each));
  });
  const Body = block("Body", ({ ch, kernels, depth }: { ch: number; kernels: readonly number[]; depth: number }) => {
    const l = layers({ body: Array.from({ length: depth }, () => Parallel({ ch, kernels })) });
    return (x: FeatureMap): FeatureMap => l.body.reduce<FeatureMap>((h, each) => each(h), x);
  });
  const Encoder = block("Encoder", () => {
    const l = layers({
      stem: conv2d({ in: 3, out: 16 }),
      body: Body({ ch: 16, kernels: [1, 3], depth: 2 }),
      head: conv2d({ in: 16, out: 4 }),
    });
    return (image: Feature<3, 1>): Feature<4, 1> => l.head(l.body(l.stem(image)));
  });
  const source = modelPy(model({ name: "parallel", latentChannels: 2, encoder: Encoder(), decoder: conv2d({ in: 2, out: 3 }) }));
  expect(source.match(/Made for kernels \(1, 3\)\./g)).toHaveLength(2);
  expect(source).toContain("def __init__(self, ch: int, depth: int) -> None:");
});

test("of a text the class knows what configurations have", () => {
  const Norm = block("Norm", ({ ch, kind }: { ch: number; kind: string }) => {
    const norms: Readonly<Record<string, (given: { channels: number }) => Layer>> = { group: groupNorm, batch: batchNorm2d };
    const norm = norms[kind]?.({ channels: ch });
    const l = layers({ conv: conv2d({ in: ch, out: ch }), ...(norm === undefined ? {} : { norm }) });
    return (x: FeatureMap): FeatureMap => ("norm" in l ? l.norm(l.conv(x)) : l.conv(x));
  });
  const Encoder = block("Encoder", () => {
    const l = layers({
      stem: conv2d({ in: 3, out: 16 }),
      plain: Norm({ ch: 16, kind: "none" }),
      grouped: Norm({ ch: 16, kind: "group" }),
      head: conv2d({ in: 16, out: 4 }),
    });
    return (image: FeatureMap): FeatureMap => l.head(l.grouped(l.plain(l.stem(image as Feature<3, 1>))));
  });
  const source = modelPy(
    model<number>({ name: "texts", latentChannels: 2, encoder: Encoder(), decoder: conv2d({ in: 2, out: 3 }) }),
  );
  expect(source).toContain('def __init__(self, ch: int, kind: Literal["none", "group"]) -> None:');
  expect(source).toContain("from typing import Literal");
});

test("settings may be called as Python, torch or the class itself calls something", () => {
  interface Odd {
    readonly channels: readonly number[];
    readonly channel: number;
    readonly training: number;
    readonly int: number;
    readonly i: number;
  }
  const Odd = block("Odd", ({ channels, channel, training, int, i }: Odd) => {
    const widths = channels.map((each) => each * channel);
    const l = layers({
      none: [],
      convs: widths.map((out, at) => conv2d({ in: widths[at - 1] ?? 16, out }) as Layer),
      body: Array.from({ length: int }, (_, at) => conv2d({ in: 16, out: 16, bias: at === 0 }) as Layer),
      last: conv2d({ in: widths.at(-1) as number, out: 16 }),
    });
    return (x: FeatureMap): FeatureMap =>
      scale(
        [...l.convs, l.last, ...l.body].reduce((h, each) => each(h), x),
        { factor: training * i },
      );
  });
  const Encoder = block("Encoder", () => {
    const odd = Odd({ channels: [1, 2], channel: 8, training: 3, int: 2, i: 2 });
    const l = layers({ stem: conv2d({ in: 3, out: 16 }), odd, head: conv2d({ in: 16, out: 4 }) });
    return (image: Feature<3, 1>): Feature<4, 1> => l.head(l.odd(l.stem(image)));
  });
  const source = modelPy(model({ name: "odd", latentChannels: 2, encoder: Encoder(), decoder: conv2d({ in: 2, out: 3 }) }));
  expect(source).toContain("channel: int, training: int, int_: int, i_: int");
  expect(source).toContain("[channel * channel2 for channel2 in channels]");
  expect(source).toContain("self.training2 = training");
  expect(source).toContain("self.none = nn.ModuleList()");
  expect(source).toContain("bias=i == 0) for i in range(int_)");
});
