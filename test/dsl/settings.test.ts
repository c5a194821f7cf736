/** Settings that TypeScript lets pass, since they come through a variable, a spread or arithmetic. */
import { describe, expect, test } from "vitest";
import { type Report } from "../../src/errors/index.ts";
import { fittingSizes } from "../../src/ir/size.ts";
import { printModel } from "../../src/ir/print.ts";
import { litevae, sdVae, vaeSmall } from "litevae";
import {
  avgPool2d,
  block,
  clamp,
  concat,
  conv2d,
  groupNorm,
  haarDwt,
  haarIdwt,
  layers,
  leakyRelu,
  linear,
  model,
  scale,
  upsample,
  type Feature,
} from "litevae/dsl";
import { reportOf } from "./reports.ts";

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
    ["vaeSmall", () => vaeSmall({ latentChannels: 4, ...{ imageChanels: 1 } }), "imageChanels", "did you mean imageChannels?"],
    ["haarDwt", () => encoding((x) => haarDwt(x, { scale: 1, ...{ scael: 0.5 } }).bands), "scael", "did you mean scale?"],
    ["upsample", () => encoding((x) => upsample(x, { factor: 2, ...{ factr: 4 } })), "factr", "did you mean factor?"],
    ["avgPool2d", () => encoding((x) => avgPool2d(x, { size: 2, ...{ colour: 2 } })), "colour", "leave it out"],
  ])("of %s is refused by name", (op, run, found, help) => {
    expect(reportOf(run)).toMatchObject({ what: `${op} has no setting ${found}`, found, help });
  });

  const Res = block("Res", ({ channels, kernel = 3 }: { readonly channels: number; readonly kernel?: number }) => {
    const { conv } = layers({ conv: conv2d({ in: channels, out: channels, kernel }) });
    return (x: Feature<number, number>): Feature<number, number> => conv(x);
  });

  test.each([
    ["an option", { channels: 8, kernl: 5 }, "kernl", "did you mean kernel?"],
    ["what the block cannot do without", { chanels: 8, kernel: 5 }, "chanels", "did you mean channels?"],
  ])("of a user's own block is refused by name: %s", (_, config, found, help) => {
    expect(reportOf(() => Res(config as unknown as { readonly channels: number }))).toMatchObject({
      what: `block Res has no setting ${found}`,
      help,
    });
  });

  test("is not seen in settings that a block has no use for, passes on or reads later", () => {
    const Late = block("Late", (config: { readonly wide?: boolean; readonly width?: number; readonly widths?: number[] }) => {
      const { res } = layers({ res: Res({ channels: 8, ...(config.wide === true ? { kernel: config.width } : {}) }) });
      return (x: Feature<number, number>): Feature<number, number> => res(x);
    });
    expect(() => Late({ width: 5 })).not.toThrow();
    const Outer = block("Outer", (config: { readonly channels: number; readonly kernels?: number }) => {
      const { kernels = 3, ...rest } = config;
      const { res } = layers({ res: Res({ kernel: kernels, ...rest }) });
      return (x: Feature<number, number>): Feature<number, number> => res(x);
    });
    expect(() => Outer({ channels: 8, ...{ kernel: 5 } })).not.toThrow();
  });

  test("in the kind of discriminator is refused", () => {
    const options = { variant: "S", discriminator: { kind: "patch" } } as unknown as Parameters<typeof litevae>[0];
    expect(reportOf(() => litevae(options))).toMatchObject({ what: "kind of discriminator has no such choice", found: "patch" });
  });
});

test.each<[string, unknown, string, string]>([
  ["conv2d", conv2d, "undefined", "{ in, out, kernel, stride, dilation, padding, bias, groups, paddingMode }"],
  [
    "conv2d",
    (below: never) => (conv2d as (...sizes: unknown[]) => unknown)(3, 64, below),
    "3",
    "{ in, out, kernel, stride, dilation, padding, bias, groups, paddingMode }",
  ],
  ["groupNorm", () => groupNorm([32, 64] as never), "32,64", "{ channels, groups, eps }"],
  ["upsample", () => encoding((x) => upsample(x, 2 as never)), "2", "{ factor }"],
  [
    "avgPool2d",
    () => encoding((x) => (avgPool2d as unknown as Body)(x)),
    "undefined",
    "{ size, stride, padding, ceilMode, countIncludePad }",
  ],
  ["model", () => model(null as never), "null", "{ name, imageChannels"],
  ["litevae", () => litevae("S" as never), '"S"', "variant, latentChannels"],
  ["sdVae", () => sdVae(4 as never), "4", "{ name"],
])("settings of %s that are no object are refused: %#", (op, run, found, expected) => {
  const report = reportOf(run as () => unknown);
  expect(report).toMatchObject({ what: `${op} is not given its settings in an object`, found });
  expect(report.expected).toContain(expected);
});

describe("a number that is none", () => {
  test.each([
    ["haarDwt", (x) => haarDwt(x, { scale: Number.NaN }).bands, "scale: NaN"],
    ["haarIdwt", (x) => haarIdwt(haarDwt(x).bands, { scale: Infinity }), "scale: Infinity"],
    ["leakyRelu", (x) => leakyRelu(x, { slope: Number.NaN }), "slope: NaN"],
    ["scale", (x) => scale(x, { factor: 1e39 }), "factor: 1e+39"],
    ["scale", (x) => scale(x, { factor: "2" as unknown as number }), 'factor: "2"'],
    ["clamp", (x) => clamp(x, { min: Number.NaN, max: 1 }), "min: NaN"],
    ["clamp", (x) => clamp(x, { min: -1, max: Infinity }), "max: Infinity"],
    ["clamp", (x) => clamp(x, { min: 2, max: 1 }), "min: 2"],
  ] satisfies [string, Body, string][])("is refused by %s", (op, body, found) => {
    expect(reportOf(() => encoding(body))).toMatchObject({ op, found });
  });
});

describe("a number that float32 has as 0", () => {
  test.each<[string, Body, string]>([
    ["scale", (x) => scale(x, { factor: 1e-50 }), "factor: 1e-50"],
    ["scale", (x) => scale(x, { factor: -1e-46 }), "factor: -1e-46"],
    ["haarDwt", (x) => haarDwt(x, { scale: 1e-60 }).bands, "scale: 1e-60"],
    ["clamp", (x) => clamp(x, { min: 1e-99, max: 1 }), "min: 1e-99"],
  ])("is refused: %s %#", (op, body, found) => {
    expect(reportOf(() => encoding(body))).toMatchObject({ what: `${found.split(":")[0]} of ${op} is too small`, found });
  });
  test("is refused where it has limits", () => {
    expect(reportOf(() => groupNorm({ channels: 8, eps: 1e-50 })).what).toBe("eps of groupNorm is too small");
  });
  test("is 0 itself, or the smallest that it has", () => {
    const ok = (factor: number): void => void encoding((x) => haarDwt(scale(x, { factor })).bands);
    expect(() => [0, 2 ** -149, -(2 ** -149)].forEach(ok)).not.toThrow();
  });
});

describe("a StyleGAN discriminator", () => {
  const litevaeWith = (options: object): Report =>
    reportOf(() => litevae({ variant: "S", discriminator: { kind: "stylegan", ...options } }));

  test.each([100, 4, 0, 256.5, Number.NaN, "256"])("refuses the resolution %o", (resolution) => {
    expect(litevaeWith({ resolution })).toMatchObject({
      what: "resolution of the discriminator cannot be halved down to 4",
      expected: "resolution: a power of two of at least 8",
      found: `resolution: ${String(resolution)}`,
      help: "give the side of the training crops, such as 128 or 256; larger images get more logits",
    });
  });
  test("refuses widths that are no counts", () => {
    expect(litevaeWith({ channels: 0.5 }).found).toBe("channels: 0.5");
    expect(litevaeWith({ maxChannels: 0 }).found).toBe("maxChannels: 0");
  });
  test("refuses settings of the others", () => {
    expect(litevaeWith({ multipliers: [1, 2] }).what).toBe("discriminator has no setting multipliers");
  });
  test("takes images of its resolution, and larger ones by steps", () => {
    const { parts } = litevae({ variant: "S", discriminator: { kind: "stylegan", resolution: 32, channels: 4, maxChannels: 8 } });
    const discriminator = parts.filter(({ name }) => name === "discriminator");
    expect(discriminator).toHaveLength(1);
    expect(fittingSizes(discriminator, "H")).toEqual({ minimum: 32, step: 8 });
  });
});

test("a dropout rate of litevae that is none is refused", () => {
  expect(reportOf(() => litevae({ variant: "S", dropout: Number.NaN }))).toMatchObject({ op: "litevae", found: "dropout: NaN" });
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

describe("settings that a block changes in place", () => {
  interface Changed {
    mults: number[];
    more: { depths: number[] };
    ch: number;
  }
  const changes: Readonly<Record<string, (config: Changed, list: number[]) => unknown>> = {
    "a list that grows": ({ mults }) => mults.push(4),
    "a list that is sorted": ({ mults }) => mults.sort(),
    "a list that is turned round": ({ mults }) => mults.reverse(),
    "an item": ({ mults }) => (mults[0] = 3),
    "a list in a record": ({ more }) => more.depths.pop(),
    "a setting": (config) => (config.ch *= 2),
    "one more": (config) => Object.assign(config, { another: 1 }),
    "a list that is no setting of an object": (_, list) => list.unshift(0),
  };

  test.each(Object.entries(changes))("%s", (_, change) => {
    const Changing = block("Changing", (config: Changed, list: number[]) => {
      change(config, list);
      const { conv } = layers({ conv: conv2d({ in: 3, out: config.ch }) });
      return (x: Feature<3, 1>) => conv(x);
    });
    const given = { mults: [2, 1], more: { depths: [1] }, ch: 8 };
    const list = [1];
    const report = reportOf(() => Changing(given, list));
    expect(report.what).toBe("block Changing changes its settings in place");
    expect(report.where?.file).toMatch(/settings\.test\.ts$/);
    expect(report.help).toMatch(/^copy a list first/);
    // They are who gave them's, who may change them.
    expect([given, list]).toEqual([{ mults: [2, 1], more: { depths: [1] }, ch: 8 }, [1]]);
    given.mults.push(list.length);
  });

  test("copies may be changed", () => {
    const Turning = block("Turning", ({ mults }: { mults: readonly number[] }) => {
      const turned = [...mults].reverse();
      turned.push(5);
      const { conv } = layers({ conv: conv2d({ in: 3, out: turned.length }) });
      return (x: Feature<3, 1>) => conv(x);
    });
    expect(() => Turning({ mults: [1, 2] })).not.toThrow();
  });
});
