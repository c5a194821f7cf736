/** Settings that TypeScript lets pass, since they come through a variable, a spread or arithmetic. */
import { describe, expect, test } from "vitest";
import { UserError, type Report } from "../../src/errors/index.ts";
import { printModel } from "../../src/ir/print.ts";
import { litevae, sdVae } from "litevae";
import {
  avgPool2d,
  block,
  concat,
  conv2d,
  groupNorm,
  haarDwt,
  haarIdwt,
  layers,
  leakyRelu,
  linear,
  model,
  upsample,
  type Feature,
} from "litevae/dsl";

function reportOf(run: () => unknown): Report {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError && error.reports[0] !== undefined) return error.reports[0];
    throw error;
  }
  throw new Error("nothing was thrown");
}

type Body = (x: Feature<3, 1>) => Feature<number, number>;

/** A model whose encoder is one block with the given body. */
function encoding(body: Body): ReturnType<typeof model> {
  const Encoder = block("Encoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 12, out: 24, kernel: 1 }) });
    return (x: Feature<3, 1>): Feature<24, 2> => conv(body(x) as Feature<12, 2>);
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 12, out: 3 }) });
    return (z: Feature<12, 2>): Feature<3, 1> => conv(upsample(z, { factor: 2 }));
  });
  return model({ latentChannels: 12, encoder: Encoder(), decoder: Decoder() });
}

describe("a misspelt setting", () => {
  test.each([
    ["litevae", () => litevae({ variant: "S", ...{ latentChannel: 4 } }), "latentChannel", "did you mean latentChannels?"],
    [
      "decoder of litevae",
      () => litevae({ variant: "S", decoder: { base: 64, ...{ nrom: "smc" } } }),
      "nrom",
      "did you mean norm?",
    ],
    [
      "discriminator",
      () => litevae({ variant: "S", discriminator: { kind: "unet", ...{ chanels: 8 } } }),
      "chanels",
      "did you mean channels?",
    ],
    ["sdVae", () => sdVae({ latentChannels: 4, ...{ pointwize: true } }), "pointwize", "did you mean pointwise?"],
    ["conv2d", () => conv2d({ in: 1, out: 16, ...{ strde: 2 } }), "strde", "did you mean stride?"],
    ["groupNorm", () => groupNorm({ channels: 8, ...{ group: 2 } }), "group", "did you mean groups?"],
    ["linear", () => linear({ in: 1, out: 1, ...{ biass: false } }), "biass", "did you mean bias?"],
    ["avgPool2d", () => encoding((x) => avgPool2d(x, { size: 2, ...{ stride: 2 } })), "stride", "leave it out"],
  ])("of %s is refused by name", (op, run, found, help) => {
    expect(reportOf(run)).toMatchObject({ what: `${op} has no setting ${found}`, found, help });
  });

  test("in the kind of discriminator is refused", () => {
    const options = { variant: "S", discriminator: { kind: "patch" } } as unknown as Parameters<typeof litevae>[0];
    expect(reportOf(() => litevae(options))).toMatchObject({ what: "kind of discriminator has no such choice", found: "patch" });
  });
});

describe("a number that is none", () => {
  test.each([
    ["haarDwt", (x) => haarDwt(x, { scale: Number.NaN }).bands, "scale: NaN"],
    ["haarIdwt", (x) => haarIdwt(haarDwt(x).bands, { scale: Infinity }), "scale: Infinity"],
    ["leakyRelu", (x) => leakyRelu(x, { slope: Number.NaN }), "slope: NaN"],
  ] satisfies [string, Body, string][])("is refused by %s", (op, body, found) => {
    expect(reportOf(() => encoding(body))).toMatchObject({ op, found });
  });
});

describe("the Haar transform", () => {
  const Wave = block(
    "Wave",
    () =>
      <S extends number>(x: Feature<3, S>) =>
        haarDwt(x),
  );

  test("can be what a block returns", () => {
    const Encoder = block("Encoder", () => {
      const { wave, conv } = layers({ wave: Wave(), conv: conv2d({ in: 15, out: 24, kernel: 1 }) });
      return (x: Feature<3, 1>): Feature<24, 2> => {
        const { low, bands } = wave(x);
        return conv(concat(low, bands));
      };
    });
    const Decoder = block("Decoder", () => {
      const { conv } = layers({ conv: conv2d({ in: 12, out: 3 }) });
      return (z: Feature<12, 2>): Feature<3, 1> => conv(upsample(z, { factor: 2 }));
    });
    const text = printModel(model({ latentChannels: 12, encoder: Encoder(), decoder: Decoder() }));
    expect(text).toContain("encoder.wave: Wave(image) -> %0: [N, 12, H/2, W/2], %1: [N, 3, H/2, W/2]");
  });

  test("gives the same graph whether its low band is looked at or not", () => {
    const plain = encoding((x) => haarDwt(x).bands);
    const looked = encoding((x) => {
      const pair = haarDwt(x);
      return { ...pair }.bands;
    });
    expect(printModel(looked)).toBe(printModel(plain));
  });
});
