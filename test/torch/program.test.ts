/** The class of a block is its program: what it was generated for does not show in it, and it makes what the block makes of any configuration. */
// @module-tag python
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  add,
  block,
  concat,
  conv2d,
  dropout,
  groupNorm,
  layers,
  model,
  relu,
  scale,
  silu,
  smcConv2d,
  type Feature,
  type Model,
} from "../../dsl/authoring.ts";
import { builtIns } from "../../dsl/models/index.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { expectClose } from "../support/close.ts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor, runs } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";

type FeatureMap = Feature<number, number>;

const torch = torchServer();

/** The settings that every block here has; each makes some use of some of them. */
interface Config {
  readonly channels: number;
  readonly expand: number;
  readonly multipliers: readonly number[];
  readonly blocks: number;
  readonly gated: boolean;
  readonly rate: number;
  readonly kind: string;
  readonly inner: { readonly heads: number };
}

/** How a block of this test follows from its configuration. */
interface Design {
  readonly hidden: "channels" | "double" | "product" | "sum" | "half or whole" | "rounded" | "from a table";
  readonly norm: boolean;
  readonly drop: boolean;
  readonly gate: boolean;
  readonly widths: "none" | "plain" | "twice" | "reversed" | "skips";
  readonly repeated: "none" | "alike" | "first differs";
  readonly shortcut: boolean;
  readonly factor: "none" | "constant" | "setting";
  readonly kinds: boolean;
}

const designs: fc.Arbitrary<Design> = fc.record({
  hidden: fc.constantFrom<Design["hidden"][]>("channels", "double", "product", "sum", "half or whole", "rounded", "from a table"),
  norm: fc.boolean(),
  drop: fc.boolean(),
  gate: fc.boolean(),
  widths: fc.constantFrom<Design["widths"][]>("none", "plain", "twice", "reversed", "skips"),
  repeated: fc.constantFrom<Design["repeated"][]>("none", "alike", "first differs"),
  shortcut: fc.boolean(),
  factor: fc.constantFrom<Design["factor"][]>("none", "constant", "setting"),
  kinds: fc.boolean(),
});

const configs: fc.Arbitrary<Config> = fc.record<Config>(
  {
    channels: fc.integer({ min: 1, max: 10 }).map((half) => 2 * half),
    expand: fc.integer({ min: 1, max: 4 }),
    multipliers: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
    blocks: fc.integer({ min: 1, max: 4 }),
    gated: fc.boolean(),
    rate: fc.constantFrom(0, 0.25),
    kind: fc.constantFrom("conv", "smc"),
    inner: fc.record({ heads: fc.integer({ min: 1, max: 3 }) }, { noNullPrototype: true }),
  },
  { noNullPrototype: true },
);

function hiddenOf({ hidden }: Design, { channels, expand, gated, inner }: Config): number {
  switch (hidden) {
    case "channels":
      return channels;
    case "double":
      return 2 * channels;
    case "product":
      return channels * expand;
    case "sum":
      return channels + inner.heads;
    case "half or whole":
      return gated ? channels / 2 : channels;
    case "rounded":
      return Math.floor(channels / 3) + 1;
    case "from a table":
      return ([7, 3, 5, 2, 6] as const)[channels % 5] as number;
  }
}

const Residual = block("Residual", (config: { in: number; out: number; norm: boolean }) => {
  const { norm, conv, shortcut } = layers({
    ...(config.norm ? { norm: groupNorm({ channels: config.in }) } : {}),
    conv: conv2d({ in: config.in, out: config.out }),
    ...(config.in === config.out ? {} : { shortcut: conv2d({ in: config.in, out: config.out, kernel: 1 }) }),
  });
  return (x: FeatureMap): FeatureMap =>
    add(conv(silu(norm === undefined ? x : norm(x))), shortcut === undefined ? x : shortcut(x));
});

/** A kind of block of this design, from three channels to four. */
function designed(design: Design): (config: Config) => (x: FeatureMap) => FeatureMap {
  return block("Designed", (config: Config) => {
    const { channels, multipliers, blocks, gated, rate, kind, expand } = config;
    const hidden = hiddenOf(design, config);
    const res = (input: number, out: number): ((x: FeatureMap) => FeatureMap) => Residual({ in: input, out, norm: design.norm });
    const widths = multipliers.flatMap((m) => (design.widths === "twice" ? [m * channels, m * channels] : [m * channels]));
    const reversed = widths.toReversed();
    const walk = design.widths === "reversed" ? reversed : widths;
    const last = walk.at(-1) ?? channels;
    const named = layers({
      conv_in: conv2d({ in: 3, out: channels }),
      ...(design.norm ? { norm: groupNorm({ channels }) } : {}),
      expand: (design.kinds && kind === "smc" ? smcConv2d : conv2d)({ in: channels, out: hidden }),
      ...(design.drop && rate > 0 ? { drop: dropout({ rate }) } : {}),
      ...(design.gate && gated ? { gate: conv2d({ in: hidden, out: hidden, kernel: 1 }) } : {}),
      squeeze: conv2d({ in: hidden, out: channels, kernel: 1 }),
      ...(design.widths === "none" ? {} : { down: walk.map((out, i) => res(walk[i - 1] ?? channels, out)) }),
      ...(design.widths === "skips" ? { up: reversed.map((out, i) => res((reversed[i - 1] ?? last) + out, out)) } : {}),
      ...(design.widths === "none"
        ? {}
        : { back: conv2d({ in: design.widths === "skips" ? (walk[0] ?? 1) : last, out: channels }) }),
      ...(design.repeated === "none"
        ? {}
        : {
            body: Array.from({ length: blocks }, (_, i) =>
              Residual({ in: channels, out: channels, norm: design.repeated === "alike" || i > 0 }),
            ),
          }),
      conv_out: conv2d({ in: design.shortcut ? 2 * channels : channels, out: 4 }),
    } as never) as unknown as Readonly<Record<string, ((x: FeatureMap) => FeatureMap) | undefined>> & {
      down?: ((x: FeatureMap) => FeatureMap)[];
      up?: ((x: FeatureMap) => FeatureMap)[];
      body?: ((x: FeatureMap) => FeatureMap)[];
    };
    const use = (name: string, x: FeatureMap): FeatureMap =>
      (named[name] as ((x: FeatureMap) => FeatureMap) | undefined)?.(x) ?? x;
    return (image: FeatureMap): FeatureMap => {
      const x = use("conv_in", image);
      let h = relu(use("expand", use("norm", x)));
      if (named["drop"] !== undefined) h = use("drop", h);
      if (named["gate"] !== undefined) h = add(h, use("gate", silu(h)));
      h = use("squeeze", h);
      const skips: FeatureMap[] = [];
      for (const each of named.down ?? []) skips.push((h = each(h)));
      for (const each of named.up ?? []) h = each(concat(h, skips.pop() as FeatureMap));
      if (named.down !== undefined) h = use("back", h);
      for (const each of named.body ?? []) h = each(h);
      if (design.factor !== "none") h = scale(h, { factor: design.factor === "setting" ? expand : 3 });
      return use("conv_out", design.shortcut ? concat(h, x) : h);
    };
  });
}

function modelOf(create: (config: Config) => (x: FeatureMap) => FeatureMap, config: Config): Model {
  return model<number>({ name: "designed", latentChannels: 2, encoder: create(config), decoder: conv2d({ in: 2, out: 3 }) });
}

/** The classes of a model.py, and what is built of them. */
function split(source: string): readonly [classes: string, built: string] {
  const at = source.indexOf("\nclass Autoencoder(");
  return [source.slice(0, at), source.slice(at)];
}

const timeout = 240_000;

test(
  "the class that was generated for one configuration makes what the block makes of another",
  async () => {
    await fc.assert(
      fc.asyncProperty(designs, configs, configs, async (design, a, other) => {
        const b = { ...other, kind: a.kind };
        const create = designed(design);
        const second = modelOf(create, b);
        const [classes] = split(modelPy(modelOf(create, a)));
        const [ownClasses, built] = split(modelPy(second));
        expect(classes).toBe(ownClasses);

        const encoder = second.parts[0]!;
        const weights = initialWeights(second.parts, 1);
        const params = [...paramsOf(second.parts.flatMap(({ modules }) => modules))];
        const state = Object.fromEntries(params.map((param) => [param.path, weights.load(param)]));
        const image = randomTensor([2, 3, 5, 4], randomOf(2));
        const [found, reference] = await Promise.all([
          runOnnx(
            encodePart(encoder, (param) => weights.load(param)),
            { image },
          ),
          torch().part(`${classes}${built}`, "encoder", [image], state),
        ]);
        encoder.outputNames.forEach((name, i) => expectClose(found[name]!, reference.outputs[i]!, 1e-4));
      }),
      { seed: 1, ...runs(14, timeout) },
    );
  },
  timeout,
);

test("the classes of s, b, m and l have one text", () => {
  const [s, ...others] = ["s", "b", "m", "l"].map((name) => {
    const [classes] = split(modelPy(builtIns[name]!.build({})));
    return classes.replace(`The architecture of ${name}`, "The architecture of any");
  });
  for (const other of others) expect(other).toBe(s);
});

test("a row of 4,096 functions is written in seconds", () => {
  const Row = block("Row", ({ channels, count }: { channels: number; count: number }) => {
    const { conv_in, conv_out } = layers({
      conv_in: conv2d({ in: 3, out: channels }),
      conv_out: conv2d({ in: channels, out: 4 }),
    });
    return (image: FeatureMap): FeatureMap => {
      let h: FeatureMap = conv_in(image as Feature<3, number>);
      for (let i = 0; i < count; i++) h = i % 2 === 0 ? relu(h) : silu(h);
      return conv_out(h);
    };
  });
  const row = model<number>({
    latentChannels: 2,
    encoder: Row({ channels: 8, count: 4096 }),
    decoder: conv2d({ in: 2, out: 3 }),
  });
  const begin = performance.now();
  expect(modelPy(row)).toContain("class Row(nn.Module)");
  // It takes one or two; a pass that looks at every pair of statements takes minutes.
  expect(performance.now() - begin).toBeLessThan(30_000);
});
