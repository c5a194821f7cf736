/** What `model` and the layers' settings refuse once they run. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Report } from "../../src/errors/index.ts";
import { litevae } from "litevae";
import {
  attention,
  block,
  conv2d,
  globalPool,
  groupNorm,
  haarIdwt,
  layers,
  linear,
  model,
  pad,
  silu,
  stages,
  upsample,
} from "litevae/dsl";
import type { Feature, ModelConfig } from "litevae/dsl";
import { reportOf } from "./reports.ts";

type FeatureMap = Feature<number, number>;
type Loose = ModelConfig<number, number, number>;

/** A patch embedding: [N, in, H, W] → [N, out, H/stride, W/stride]. */
const Encoder = block("Encoder", ({ out, stride = 8, input = 3 }: { out: number; stride?: number; input?: number }) => {
  const { conv } = layers({ conv: conv2d({ in: input, out, kernel: stride, stride, padding: 0 }) });
  return (x: FeatureMap): FeatureMap => conv(x);
});
const Decoder = block("Decoder", ({ input, out = 3, factor = 8 }: { input: number; out?: number; factor?: number }) => {
  const { conv } = layers({ conv: conv2d({ in: input, out }) });
  return (z: FeatureMap): Feature<number, 1> => upsample(conv(z), { factor });
});

/** A model that fits, but for what the test changes. */
function make(changes: Partial<Loose>): () => unknown {
  return () =>
    model<number>({
      latentChannels: 12,
      encoder: Encoder({ out: 24 }),
      decoder: Decoder({ input: 12 }),
      ...changes,
    });
}

describe("model", () => {
  test("names its parts, inputs and outputs", () => {
    const built = model<number>({
      name: "patches",
      latentChannels: 12,
      encoder: Encoder({ out: 24 }),
      decoder: Decoder({ input: 12 }),
    });
    expect(built).toMatchObject({ name: "patches", imageChannels: 3, latentChannels: 12, stride: 8 });
    expect(built.parts.map(({ name, inputNames, outputNames }) => [name, inputNames, outputNames])).toEqual([
      ["encoder", ["image"], ["mean", "logvar"]],
      ["decoder", ["latent"], ["image"]],
    ]);
  });
  test("refuses moments that are not twice the latent", () => {
    expect(reportOf(make({ encoder: Encoder({ out: 16 }) }))).toMatchObject({
      what: "the encoder gives other moments than the model's latent needs",
      module: "encoder",
      expected: "[N, 24, H/8, W/8]",
      found: "[N, 16, H/8, W/8]",
      help: "make the encoder's last layer give 2 × latentChannels = 24 channels: means, then log-variances",
    });
  });
  test("refuses an odd number of moments", () => {
    expect(reportOf(make({ encoder: Encoder({ out: 25 }) }))).toMatchObject({
      expected: "[N, 24, H/8, W/8]",
      found: "[N, 25, H/8, W/8]",
    });
  });
  test("refuses an encoder of several outputs", () => {
    const Split = block("Split", () => (x: FeatureMap) => ({ mean: x, logvar: x }));
    expect(reportOf(make({ encoder: Split() as unknown as Loose["encoder"] }))).toMatchObject({
      what: "the encoder's record has no moments",
      module: "encoder",
      expected: "{ moments: means, then log-variances along its channels, and further features by their names }",
      found: "an object with mean, logvar",
      help: "return what the last layer returned as moments, alone or in a record with what the decoder takes besides",
    });
  });
  test("refuses an encoder that gives a vector", () => {
    const Pooled = block("Pooled", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 24 }) });
      return (x: FeatureMap) => globalPool(conv(x), { reduction: "mean" });
    });
    expect(reportOf(make({ encoder: Pooled() as unknown as Loose["encoder"] }))).toMatchObject({
      what: "the encoder does not shrink both sides by one whole factor",
      found: "a vector",
      help: "return a feature of four axes, without pooling over its sides or flattening them",
    });
  });
  test("refuses a decoder for another latent", () => {
    expect(reportOf(make({ decoder: Decoder({ input: 4 }) }))).toMatchObject({
      what: "4 channels are expected, 12 arrive",
      module: "decoder.conv",
      expected: "[N, 4, H/8, W/8]",
      found: "[N, 12, H/8, W/8]",
    });
  });
  test("refuses a decoder that gives another image", () => {
    expect(reportOf(make({ decoder: Decoder({ input: 12, factor: 4 }) }))).toMatchObject({
      what: "the decoder does not give back the image",
      module: "decoder",
      expected: "[N, 3, H, W]",
      found: "[N, 3, H/2, W/2]",
      help: "the encoder makes sides 8 times smaller and the decoder 4 times larger, whatever the types of their functions say: make the two equal",
    });
    expect(reportOf(make({ decoder: Decoder({ input: 12, out: 1 }) }))).toMatchObject({
      found: "[N, 1, H, W]",
      help: "make the decoder upsample by 8 in all, and end in 3 channels",
    });
  });
  test("names the layer of a decoder that loses a border, and those after it", () => {
    const Bordered = block("Bordered", ({ kernel, padding }: { kernel: number; padding?: number }) => {
      const of = (size: number) => conv2d({ in: size, out: size, kernel, ...(padding === undefined ? {} : { padding }) });
      const { first, second, out } = layers({ first: of(12), second: of(12), out: conv2d({ in: 12, out: 3 }) });
      return (z: FeatureMap): FeatureMap => out(upsample(second(first(z)), { factor: 8 }));
    });
    const told = (settings: { kernel: number; padding?: number }): string | undefined =>
      reportOf(make({ decoder: Bordered(settings) })).help.replace(/line \d+/, "line …");
    expect(reportOf(make({ decoder: Bordered({ kernel: 4 }) }))).toMatchObject({
      module: "decoder.first",
      found: "[N, 3, H - 16, W - 16]",
    });
    expect([told({ kernel: 4 }), told({ kernel: 3, padding: 0 }), told({ kernel: 4, padding: 2 })]).toMatchInlineSnapshot(`
      [
        "decoder.first (line …, kernel 4, padding 1) makes sides 1 position shorter: take an odd kernel, of which padding: (kernel − 1)/2 keeps them; so it is with decoder.second",
        "decoder.first (line …, kernel 3, padding 0) makes sides 2 positions shorter: padding: 1 keeps them; so it is with decoder.second",
        "decoder.first (line …, kernel 4, padding 2) makes sides 1 position longer: take an odd kernel, of which padding: (kernel − 1)/2 keeps them; so it is with decoder.second",
      ]
    `);
  });
  test("refuses an encoder that shrinks by no whole factor", () => {
    const Odd = block("Odd", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 24, kernel: 3, padding: 0 }) });
      return (x: FeatureMap): FeatureMap => conv(x);
    });
    expect(reportOf(make({ encoder: Odd() }))).toMatchObject({
      what: "the encoder does not shrink both sides by one whole factor",
      module: "encoder.conv",
      expected: "[H/8, W/8], or another divisor",
      found: "[H - 2, W - 2]",
      help: expect.stringMatching(
        /^encoder\.conv \(line \d+, kernel 3, padding 0\) makes sides 2 positions shorter: padding: 1 keeps them$/,
      ) as string,
    });
    const Grown = block("Grown", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 24 }) });
      return (x: FeatureMap): FeatureMap => upsample(conv(x), { factor: 2 });
    });
    expect(reportOf(make({ encoder: Grown() }))).toMatchObject({
      found: "[2*H, 2*W]",
      help: "use the same strides along both sides, which shrink them or leave them as they are",
    });
  });
  test("refuses to be without a decoder", () => {
    expect(reportOf(make({ decoder: undefined as never }))).toMatchObject({
      what: "the model has no decoder",
      found: "undefined",
      help: "give model() a decoder: an instance of a block, such as decoder: MyBlock({ … })",
    });
  });
  test("refuses one name for modules of two parts", () => {
    const encoder = stages({ shared: Encoder({ out: 24 }) });
    const decoder = stages({ shared: Decoder({ input: 12 }) });
    expect(reportOf(make({ encoder, decoder }))).toMatchObject({
      what: 'decoder and encoder both have a module "shared"',
      help: "give the stages of different parts different names, or both the same instance, which shares its weights",
    });
  });
  test("refuses stages whose names Python does not take", () => {
    expect(reportOf(() => stages({ "my-stage": Encoder({ out: 24 }) }))).toMatchObject({
      what: '"my-stage" is not a layer name in snake_case',
      help: "write my_stage",
    });
  });
  test("refuses stages called like what the generated autoencoder has", () => {
    const names = ["image_autoencoder", "autoencoder", "pretrained"].flatMap((file) => {
      const source = readFileSync(new URL(`../../runtime/src/litevae_runtime/nn/${file}.py`, import.meta.url), "utf8");
      const body =
        /^class (?:ImageAutoencoder|AutoencoderBase|Pretrained)\(.*?(?=^\S)/ms.exec(`${source}\nend`)?.[0].replace(/^.*\n/, "") ??
        "";
      return [...body.matchAll(/^ {4}(?:def )?([a-z]\w*)\b *[(:]/gm)].map(([, name = ""]) => name);
    });
    expect(names).toEqual(expect.arrayContaining(["name", "stride", "encode", "save_pretrained"]));
    for (const name of names) expect(() => stages({ [name]: Encoder({ out: 24 }) }), name).toThrow(/is an attribute of/);
  });
  test("points at the author's line", () => {
    expect(reportOf(make({ encoder: Encoder({ out: 16 }) })).where?.file).toBe(import.meta.filename);
  });
});

describe("settings", () => {
  test.each<[string, () => unknown, Partial<Report>]>([
    [
      "counts that are not whole",
      () => conv2d({ in: 16, out: 2.5 }),
      {
        what: "out of conv2d is not a whole number of at least 1",
        op: "conv2d",
        expected: "out: a whole number ≥ 1",
        found: "out: 2.5",
        help: "check the arithmetic that gives this count, and round where it divides",
      },
    ],
    [
      "counts of nothing",
      () => groupNorm({ channels: 0 }),
      {
        what: "channels of groupNorm is not a whole number of at least 1",
        found: "channels: 0",
        help: "check the arithmetic that gives this count, and round where it divides",
      },
    ],
    ["counts that are left out", () => linear({ in: 3 } as never), { found: "out: undefined", help: "set out" }],
    [
      "negative padding",
      () => conv2d({ in: 3, out: 3, padding: -1 }),
      { expected: "padding: a whole number ≥ 0", found: "padding: -1" },
    ],
    [
      "a latent of no channels",
      make({ latentChannels: 0 }),
      { what: "latentChannels of model is not a whole number of at least 1" },
    ],
    [
      "a reduction that does not exist",
      () => globalPool({} as FeatureMap, { reduction: "median" as never }),
      {
        what: "reduction of globalPool has no such choice",
        expected: "sum, mean, max",
        found: "median",
        help: "choose one of sum, mean, max",
      },
    ],
    [
      "a variant that does not exist",
      () => litevae({ variant: "XL" as never }),
      { what: "variant of litevae has no such choice", expected: "S, B, M, L", found: "XL" },
    ],
    [
      "a norm that does not exist",
      () => litevae({ variant: "S", decoder: { norm: "gruop" as never } }),
      { what: "decoder.norm of litevae has no such choice", expected: "group, smc", found: "gruop" },
    ],
    [
      "heads of nothing",
      () => attention({} as FeatureMap, {} as FeatureMap, {} as FeatureMap, { heads: 0 }),
      { found: "heads: 0" },
    ],
    [
      "padding by a fraction",
      () => pad({} as FeatureMap, { top: 0.5 }),
      { what: "top of pad is not a whole number of at least 0" },
    ],
  ])("refuse %s", (_, run, report) => {
    expect(reportOf(run)).toMatchObject(report);
  });
  test("that depend on the input are refused where they are applied", () => {
    const encode = (apply: (x: FeatureMap) => FeatureMap): (() => unknown) => {
      const Body = block("Body", () => (x: FeatureMap) => apply(x));
      return make({ encoder: Body() });
    };
    expect(reportOf(encode((x) => haarIdwt(x)))).toMatchObject({
      what: "3 channels cannot be four bands",
      module: "encoder",
      op: "haarIdwt of [N, 3, H, W]",
    });
    expect(reportOf(encode((x) => attention(x, x, x, { heads: 2 })))).toMatchObject({ what: "2 heads do not divide 3 channels" });
  });
});

describe("parts", () => {
  test("activations alone are no encoder", () => {
    expect(reportOf(make({ encoder: (x: FeatureMap) => silu(x) })).what).toBe("encoder is not a block");
  });
});
