/** What a network or a part is given and nothing reads: it would be an input of a graph for nothing. */
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument -- as JavaScript would be written: types have tests of their own */
import { describe, expect, test } from "vitest";
import { verifyModel } from "../../src/ir/verify.ts";
import type { Model } from "../../src/ir/model.ts";
import { add, block, conv2d, layers, linear, model, network, tokens, untokens, upsample } from "litevae/dsl";
import { reportOf } from "./reports.ts";

type Any = any;

/** Reads one of what it is given, and leaves the others. */
const Reading = block("Reading", ({ place }: { place: number }) => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
  return (x: Any, y: Any): Any => conv([x, y][place]);
});
/** Hands on what the block in it leaves. */
const Handing = block("Handing", ({ place }: { place: number }) => {
  const { inner, after } = layers({ inner: Reading({ place }), after: conv2d({ in: 4, out: 4 }) });
  return (x: Any, y: Any): Any => after(inner(x, y));
});
const maps = [
  { name: "first", channels: 4 },
  { name: "second", channels: 4 },
];
const make = network as (config: Any) => Model;

describe("an input of a network", () => {
  test.each([
    ["by its block", Reading({ place: 0 }), "second"],
    ["by the block that it is handed on to", Handing({ place: 0 }), "second"],
    ["though it is the first", Handing({ place: 1 }), "first"],
  ])("that is not read %s", (_, instance, name) => {
    expect(reportOf(() => make({ inputs: maps, block: instance }))).toMatchObject({
      what: `nothing reads ${name} in the network`,
      help: "read it in the block's function, or leave it out of inputs",
    });
  });

  test("whose sizes alone are asked for is read", () => {
    const Like = block("Like", () => {
      const { linear: to } = layers({ linear: linear({ in: 4, out: 3 }) });
      return (x: Any, y: Any): Any => untokens(to(tokens(x) as Any) as Any, y);
    });
    verifyModel(make({ inputs: maps, block: Like() }));
  });

  test("that only a result reads which goes nowhere", () => {
    const Idle = block("Idle", () => {
      const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
      return (x: Any, y: Any): Any => {
        add(x, y);
        return conv(x) as Any;
      };
    });
    expect(reportOf(() => make({ inputs: maps, block: Idle() })).what).toBe("nothing reads second in the network");
  });
});

describe("of an autoencoder", () => {
  const Plain = block("Plain", () => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: 8, kernel: 2, stride: 2 }) });
    return (image: Any): Any => conv(image);
  });
  const FromImage = block("FromImage", () => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: 3 }) });
    return (_: Any, { original }: Any): Any => conv(original);
  });
  const Masked = block("Masked", () => {
    const { inner, out } = layers({ inner: Reading({ place: 0 }), out: conv2d({ in: 4, out: 3 }) });
    return (z: Any, { mask }: Any): Any => upsample(out(inner(z, mask)) as Any, { factor: 2 });
  });
  const build = model as (config: Any) => Model;

  test("the latent", () => {
    expect(reportOf(() => build({ latentChannels: 4, encoder: Plain(), decoder: FromImage() }))).toMatchObject({
      what: "nothing reads latent in the decoder",
    });
  });

  test("the image", () => {
    const Blind = block("Blind", () => {
      const { conv } = layers({ conv: conv2d({ in: 1, out: 8, kernel: 2, stride: 2 }) });
      return (_: Any, { mask }: Any): Any => conv(mask);
    });
    const Decoder = block("Decoder", () => {
      const { out } = layers({ out: conv2d({ in: 4, out: 3 }) });
      return (z: Any): Any => upsample(out(z) as Any, { factor: 2 });
    });
    const conditions = { mask: { channels: 1 } };
    expect(reportOf(() => build({ latentChannels: 4, conditions, encoder: Blind(), decoder: Decoder() }))).toMatchObject({
      what: "nothing reads image in the encoder",
    });
  });

  test("a condition that the decoder hands on", () => {
    const conditions = { mask: { channels: 4, stride: 2 } };
    expect(reportOf(() => build({ latentChannels: 4, conditions, encoder: Plain(), decoder: Masked() }))).toMatchObject({
      what: "no part reads the condition mask",
    });
  });
});
