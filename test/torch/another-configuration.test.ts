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
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { reservedNames } from "../../src/targets/torch/names.ts";
import { classesOf } from "../../src/targets/torch/program/classes.ts";
import { configs, modelOf, oneOf, silent, widths, type Config, type FeatureMap, type Layer } from "./designs.ts";

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

const designs: fc.Arbitrary<Design> = fc.record({
  width: oneOf(widths),
  item: oneOf(items),
  count: oneOf(counts),
  test: oneOf(tests),
  factor: fc.constantFrom("none", "a test", "a width"),
});

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
    { seed: 1, ...runs(9, 80_000) },
  );
}, 90_000);

interface Asked {
  readonly n: number;
  readonly c: number;
  readonly l: readonly number[];
  readonly on: boolean;
}

function twice(out: number): Layer {
  const { a, b } = layers({ a: conv2d({ in: 3, out }), b: conv2d({ in: out, out: 4 }) });
  return (image: FeatureMap): FeatureMap => b(a(image as Feature<3, 1>));
}

/** What asks for one number of a setting, written where the class was made far from it. */
const asking: Readonly<Record<string, (config: Asked) => Layer>> = {
  "a number far below": ({ n, c }) => twice(n === 2 ? 2 * c : c),
  "a switch and a threshold": ({ n, c, on }) => twice(on && n > 2 ? 2 * c : c),
  "a fraction": ({ n, c }) => twice(n > 1.5 ? 2 * c : c),
  "the first item": ({ c, l }) => twice(l[0] === 16 ? 2 * c : c),
  "an item anywhere": ({ c, l }) => twice(l.includes(16) ? 2 * c : c),
  "an item that is the first": ({ n, c, l }) => twice(l.includes(3) ? c : n),
  "a length": ({ c, l }) => twice(l.length > 6 ? 2 * c : c),
  "the smallest item": ({ c, l }) => twice(c * Math.min(...l)),
  "a limit that is far": ({ n, c }) => twice(Math.min(c, 40 * n)),
};

/** What makes a number of channels of `n`. */
const fractionless = ["an item that is the first", "a limit that is far"];

test.each(Object.keys(asking))("a class knows what its block makes at %s", (name) => {
  const Asks = block("Asks", asking[name]!);
  const of = (config: Asked): ReturnType<typeof model> =>
    model<number>({ name: "asks", latentChannels: 2, encoder: Asks(config), decoder: conv2d({ in: 2, out: 3 }) });
  const given: readonly Asked[] = [
    { n: 12, c: 8, l: [64, 32], on: true },
    { n: 4, c: 32, l: [1, 2, 4], on: true },
    { n: 1.25, c: 32, l: [64, 128, 256], on: false },
    { n: 2, c: 300, l: [3, 9, 9, 1, 2, 4, 8, 8], on: true },
  ];
  const others: readonly Asked[] = [
    { n: 2, c: 96, l: [16, 32], on: true },
    { n: 1.75, c: 32, l: [4, 4, 1, 4, 8], on: true },
    { n: 3, c: 96, l: [32, 16], on: false },
    { n: 2, c: 8, l: [1, 2, 3, 4, 5, 6, 7], on: true },
    { n: 6, c: 128, l: [2, 3], on: true },
  ];
  for (const each of given) {
    if (fractionless.includes(name) && !Number.isInteger(each.n)) continue;
    const classes = classesOf(
      of(each).parts.map(({ graph }) => graph),
      reservedNames,
    );
    for (const other of others.filter(({ n }) => !fractionless.includes(name) || Number.isInteger(n)))
      expect(silent(classes, of(other)), JSON.stringify(each)).toBeUndefined();
  }
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

test("a list that is empty wherever a block is made, and of whose items nothing follows, is named", () => {
  const Marked = block("Marked", ({ ch, kinds }: { ch: number; kinds: readonly string[] }) => {
    const l = layers({ conv: conv2d({ in: 3, out: kinds.includes("wide") ? 2 * ch : ch }) });
    return (x: Feature<3, 1>): Feature<number, 1> => l.conv(x);
  });
  const source = modelPy(modelOf(() => Marked({ ch: 4, kinds: [] }), {} as Config));
  expect(source).toContain("Made for kinds ().");
  expect(source).toContain("def __init__(self, ch: int) -> None:");
});
