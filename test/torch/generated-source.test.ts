/** What model.py looks like for any model: formatted, linted and typed as the package promises, whatever the author calls things. */
// @module-tag python
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  add,
  attention as attend,
  avgPool2d,
  block,
  chunk,
  concat,
  conv2d,
  layers,
  model,
  scale,
  silu,
  slice,
  smcConv2d,
  stages,
  upsample,
  type Feature,
} from "../../dsl/authoring.ts";
import type { Model } from "../../src/ir/model.ts";
import { networks } from "../../dsl/models/index.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { networksPy } from "../../src/targets/torch/networks-py.ts";
import { buildProgram } from "../programs/build.ts";
import { programs } from "../programs/generate.ts";
import { pythonPath, strictMypy } from "../support/python.ts";

type FeatureMap = Feature<number, number>;
type Layer = (x: FeatureMap) => FeatureMap;

/** Ends with what ruff, mypy and an import say of the sources beside the runtime's files; all must be silent. */
function expectClean(sources: Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(join(tmpdir(), "litevae-source-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const inPackage = join(folder, "package");
  // What is generated is looked at here; the runtime, which it imports, where it lies.
  const runtime = fileURLToPath(new URL("../../runtime/src/litevae_runtime/", import.meta.url));
  cpSync(runtime, join(inPackage, "_runtime"), { recursive: true, filter: (path) => !path.includes("__pycache__") });
  writeFileSync(join(inPackage, "__init__.py"), "");
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(inPackage, `${name}.py`), text);
  const python = (...args: readonly string[]): void => {
    const { status, stdout, stderr } = spawnSync(pythonPath(), args, { cwd: folder, encoding: "utf8" });
    expect(`${stdout}${stderr}`, args.join(" ")).toBe("");
    expect(status, args.join(" ")).toBe(0);
  };
  const settings = [
    "--isolated",
    "--quiet",
    "--line-length",
    "110",
    "--target-version",
    "py311",
    "--no-cache",
    "--exclude",
    "_runtime",
  ];
  python("-m", "ruff", "format", "--diff", ...settings, "package");
  python("-m", "ruff", "check", "--output-format", "concise", ...settings, "--select", "E,F,I,UP,B", "package");
  python(...strictMypy, ...["__init__", ...Object.keys(sources)].map((name) => `package/${name}.py`));
  python("-c", `from package import ${Object.keys(sources).join(", ")}`);
}

/** An autoencoder of stride 1 around blocks that are given one feature of four channels. */
function around(name: string, apply: Readonly<Record<string, (x: FeatureMap) => unknown>>): Model {
  const Encoder = block("Encoder", () => {
    const named = layers({ conv_in: conv2d({ in: 3, out: 4 }), ...apply, conv_out: conv2d({ in: 4, out: 4 }) });
    return (image: Feature<3, 1>): Feature<4, 1> => {
      let x: FeatureMap = named.conv_in(image);
      for (const use of Object.values(apply)) {
        const result = use(x);
        x = (typeof result === "object" && result !== null && "first" in result ? result.first : result) as FeatureMap;
      }
      return named.conv_out(x);
    };
  });
  const decoder = conv2d({ in: 2, out: 3 });
  return model({ name, latentChannels: 2, encoder: Encoder(), decoder });
}

const Plain = (name: string): ((config?: object) => (x: FeatureMap) => FeatureMap) =>
  block(name, (_config: object = {}) => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
    return (x: FeatureMap): FeatureMap => silu(conv(x));
  });

/** Blocks called like what model.py imports, defines or calls. */
function names(): Model {
  const names = ["Tensor", "Autoencoder", "AutoencoderBase", "SMCConv2d", "F", "None", "True", "Block"];
  const applied = Object.fromEntries(names.map((name, i) => [`part${i}`, Plain(name)()]));
  return around('a "name"\\n with \\ everything', { ...applied, smc: smcConv2d({ in: 4, out: 4 }) });
}

/** Layers called like functions and modules of torch, and configurations of every kind. */
function odd(): Model {
  const Odd = block("Odd", (config: { width: number; lambda: number; nn: number; "a-b": string; on: boolean; "1st": number }) => {
    const {
      attention,
      torch,
      haar_dwt,
      relu: act,
    } = layers({
      attention: conv2d({ in: 4, out: config.width }),
      torch: conv2d({ in: config.width, out: config.lambda }),
      haar_dwt: conv2d({ in: config.lambda, out: config.nn }),
      relu: conv2d({ in: config.nn, out: config["1st"] }),
    });
    return (x: FeatureMap): FeatureMap => act(haar_dwt(torch(attention(x))));
  });
  const make = (width: number, lambda: number, nn: number, on: boolean): ((x: FeatureMap) => FeatureMap) =>
    Odd({ width, lambda, nn, "a-b": "text", on, "1st": 4 });
  return around("odd", { first: make(5, 6, 7, false), second: make(8, 11, 13, true) });
}

/** Functions whose settings differ between instances, several inputs and outputs, a block called twice. */
function several(): Model {
  const Scaled = block("Scaled", ({ factor }: { factor: number }) => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
    return (x: FeatureMap): FeatureMap => scale(conv(x), { factor });
  });
  const Two = block("Two", () => {
    const { left, right } = layers({ left: conv2d({ in: 4, out: 4 }), right: conv2d({ in: 4, out: 4 }) });
    return (x: FeatureMap, y: FeatureMap, z: FeatureMap) => ({ first: add(left(x), y), second: right(z), unused: silu(left(y)) });
  });
  const Both = block("Both", () => {
    const { two, shared, only } = layers({ two: Two(), shared: Scaled({ factor: 3 }), only: conv2d({ in: 4, out: 4 }) });
    return (x: FeatureMap): FeatureMap => {
      const { first, second } = two(x, shared(x), shared(shared(x)));
      const [head, ...rest] = chunk(add(first, second), { chunks: 4 }) as [FeatureMap, ...FeatureMap[]];
      return only(concat(slice(head, { start: 0, stop: 1 }), ...(rest as [FeatureMap, FeatureMap, FeatureMap])));
    };
  });
  const Attend = block("Attend", () => {
    const { q, k } = layers({ q: conv2d({ in: 4, out: 4 }), k: conv2d({ in: 4, out: 4 }) });
    return (x: FeatureMap): FeatureMap =>
      upsample(attend(avgPool2d(q(x), { size: 4 }), avgPool2d(k(x), { size: 4 }), avgPool2d(x, { size: 4 })), { factor: 4 });
  });
  return around("several", { a: Scaled({ factor: 2 }), b: Scaled({ factor: -0.5 }), both: Both(), attend: Attend() });
}

/** Layers in records, whose settings differ between instances. */
function records(): Model {
  const Recorded = block("Recorded", ({ width }: { width: number }) => {
    const { features, convs } = layers({
      features: {
        3: conv2d({ in: 4, out: width }),
        10: conv2d({ in: width, out: 2 * width }),
        act: conv2d({ in: 2 * width, out: 4 }),
      },
      convs: { 0: conv2d({ in: 4, out: 4 }), 1: conv2d({ in: 4, out: 4 }) },
    });
    return (x: FeatureMap): FeatureMap => convs[1](convs[0](features.act(features[10](features[3](x)))));
  });
  return around("records", { narrow: Recorded({ width: 5 }), wide: Recorded({ width: 7 }) });
}

/** Lines that are too long. */
function wide(): Model {
  const long = (i: number): string => `a_very_long_name_of_a_layer_that_says_everything_about_it_number_${i}`;
  const Wide = block("AVeryLongNameOfABlockThatSaysEverything", (config: Readonly<Record<string, number>>) => {
    const counts = Object.values(config);
    const named = layers(Object.fromEntries(counts.map((count, i) => [long(i), conv2d({ in: 4, out: count })])));
    const { join } = { join: 0 };
    return (x: FeatureMap): FeatureMap =>
      slice(concat(...(Object.values(named).map((apply) => apply(x)) as [FeatureMap])), { start: join, stop: 4 });
  });
  const config = (offset: number): Readonly<Record<string, number>> =>
    Object.fromEntries(
      Array.from({ length: 7 }, (_, i) => [`channels_of_the_layer_with_the_number_${i}`, 4 + offset + i * i * (1 + offset)]),
    );
  return around("wide", { one: Wide(config(0)), two: Wide(config(3)) });
}

/** Lists in lists and in records, in loops and one by one. */
function nested(): Model {
  const conv = (): Layer => conv2d({ in: 4, out: 4 });
  const Nested = block("Nested", ({ depths }: { depths: readonly number[] }) => {
    const l = layers({
      stages: depths.map((depth) => Array.from({ length: depth }, conv)),
      levels: depths.map((depth) => ({ body: Array.from({ length: depth }, conv), out: conv() })),
      odd: [[conv()], [[conv(), conv()], conv()]] as const,
    });
    const chain = (x: FeatureMap, list: readonly Layer[]): FeatureMap => list.reduce((h, layer) => layer(h), x);
    return (x: FeatureMap): FeatureMap => {
      const skips: FeatureMap[] = [];
      let h = x;
      for (const stage of l.stages) for (const layer of stage) skips.push((h = layer(h)));
      for (const { body, out } of l.levels) h = out(body.reduce((y, layer) => layer(add(y, skips.pop() as FeatureMap)), h));
      return l.odd[1][1](l.odd[1][0][0](l.odd[1][0][1](chain(h, l.odd[0]))));
    };
  });
  return around("nested", { one: Nested({ depths: [2, 2] }), two: Nested({ depths: [1, 3, 1] }) });
}

/** Stages and parts that are bare layers. */
function bare(): readonly Model[] {
  const staged = model({
    name: "staged",
    latentChannels: 2,
    encoder: stages({ conv_in: conv2d({ in: 3, out: 6 }), conv_out: smcConv2d({ in: 6, out: 4 }) }),
    decoder: stages({ post: conv2d({ in: 2, out: 3 }) }),
  });
  const single = model({
    name: "single",
    latentChannels: 2,
    encoder: smcConv2d({ in: 3, out: 4 }),
    decoder: smcConv2d({ in: 2, out: 3 }),
  });
  return [staged, single];
}

test("no class has a name that model.py needs itself", () => {
  expect([...modelPy(names()).matchAll(/^class (\w+)/gm)].map(([, name]) => name)).toMatchInlineSnapshot(`
    [
      "Tensor2",
      "Autoencoder2",
      "AutoencoderBase2",
      "SMCConv2d2",
      "F2",
      "None2",
      "True2",
      "Block",
      "Encoder",
      "Autoencoder",
    ]
  `);
});

test("ruff, mypy and Python have nothing to say of odd models and random ones", () => {
  const random = fc.sample(programs, { numRuns: 15, seed: 7 }).map(buildProgram);
  const models = [names(), odd(), several(), records(), wide(), nested(), ...bare(), ...random];
  const sources = Object.fromEntries(models.map((each, i) => [`model${i}`, modelPy(each)]));
  const beside = Object.entries(networks(3)).map(([module, those]) => [module, networksPy(those)] as const);
  expectClean({ ...sources, ...Object.fromEntries(beside) });
}, 180_000);
