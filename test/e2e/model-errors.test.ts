/** What people are told when a model's name, options, weights or parts are wrong: whole messages and exit codes. */
// @module-tag slow
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { failure, litevae } from "./in-process.ts";
import { tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

const wrong = (...args: readonly string[]): Promise<string> => failure(folder, 1, ...args);

describe("the model (exit code 1)", () => {
  const compile = (...args: readonly string[]): Promise<string> => wrong("compile", ...args, "-o", "out");

  test("an unknown name", async () => {
    expect(await compile("sdvae")).toMatchInlineSnapshot(`
      "
      error: no model is called sdvae
        expected: a built-in name (s, s-smc, b, b-smc, m, m-smc, l, l-smc, sd-vae, vae-small, sdxl, sd3, flux1, kl-f16d32, flux2-small-decoder, asymmetric-kl, taesd, taef1, dc-ae-f32c32-in, dc-ae-f32c32-sana, dc-ae-f64c128-in, cosmos-ci8x8, cosmos-ci16x16, nano), a .ts file or a folder of weights
        found:    sdvae
        help:     did you mean sd-vae?
      "
    `);
  });
  test("an unknown name that is like none", async () => {
    expect(await compile("x")).toMatchInlineSnapshot(`
      "
      error: no model is called x
        expected: a built-in name (s, s-smc, b, b-smc, m, m-smc, l, l-smc, sd-vae, vae-small, sdxl, sd3, flux1, kl-f16d32, flux2-small-decoder, asymmetric-kl, taesd, taef1, dc-ae-f32c32-in, dc-ae-f32c32-sana, dc-ae-f64c128-in, cosmos-ci8x8, cosmos-ci16x16, nano), a .ts file or a folder of weights
        found:    x
        help:     run litevae list for the built-in models
      "
    `);
  });
  test("the name of a file without its ending", async () => {
    expect(await compile("tiny")).toContain("help:     did you mean tiny.ts?");
  });
  test("--latent with a file", async () => {
    expect(await compile("tiny.ts", "--latent", "8")).toMatchInlineSnapshot(`
      "
      error: --latent applies to built-in models, and tiny.ts is a file
        help:     set latentChannels in the file
      "
    `);
  });
  test("weights that no tensor or no machine holds, with the folder left alone", async () => {
    const wide = (
      width: number,
      depth: number,
    ): string => `import { block, conv2d, layers, model, upsample, type Feature } from "litevae/dsl";
const Encoder = block("Encoder", () => {
  const { first, mid, out } = layers({
    first: conv2d({ in: 3, out: ${width}, stride: 4 }),
    mid: Array.from({ length: ${depth} }, () => conv2d({ in: ${width}, out: ${width} })),
    out: conv2d({ in: ${width}, out: 8 }),
  });
  return (x: Feature<3, 1>): Feature<8, 4> => out(mid.reduce((y, conv) => conv(y), first(x)));
});
const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
  return (z: Feature<4, 4>): Feature<3, 1> => upsample(conv(z), { factor: 4 });
});
export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
`;
    write(folder, { "wide.ts": wide(200_000, 1), "deep.ts": wide(10_000, 4000) });
    expect(await wrong("compile", "wide.ts", "-o", "wide")).toMatchInlineSnapshot(`
      "
      error: encoder.mid.0.weight of wide needs 1,341 GiB, 1,337 GiB more than a tensor can have
        in:       encoder.mid.0
        expected: at most 4 GiB
        found:    encoder.mid.0.weight [200000, 200000, 3, 3], 1,341 GiB
        help:     lower the channels there; litevae summary lists the parameters of every module
      "
    `);
    expect(
      (await wrong("compile", "deep.ts", "-o", "wide"))
        .replace(/1?[\d,]+(?:\.\d+)? GiB (more|$)/gm, "… GiB $1")
        .replace(/at most .*/, "at most …"),
    ).toMatchInlineSnapshot(`
      "
      error: the weights of deep need 13,410 GiB, … GiB more than this machine has memory
        in:       encoder.mid.0
        expected: at most …
        found:    the largest: encoder.mid.0.weight [10000, 10000, 3, 3], 3.353 GiB
        help:     lower the channels there; litevae summary lists the parameters of every module
      "
    `);
    expect(existsSync(join(folder, "wide"))).toBe(false);
  });
  test("a discriminator that ONNX has no form for, with the folder left alone", async () => {
    const options = `{ variant: "S", discriminator: { kind: "stylegan", resolution: 8, channels: 4 } }`;
    write(folder, { "style.ts": `import { litevae } from "litevae";\nexport default litevae(${options});\n` });
    const flags = ["compile", "style.ts", "-o", "style", "--parts", "encoder,discriminator"];
    expect(await wrong(...flags, "--target", "onnx,torch")).toMatchInlineSnapshot(`
      "
      error: the discriminator has no form in ONNX: its statistic joins the images of a batch, which inference looks at one by one
        at style.ts:2
          1 | import { litevae } from "litevae";
        > 2 | export default litevae({ variant: "S", discriminator: { kind: "stylegan", resolution: 8, channels: 4 } });
          3 |
        in:       discriminator
        op:       minibatchStddev
        help:     leave discriminator out of --parts, or write a PyTorch package alone with --target torch
      "
    `);
    expect(existsSync(join(folder, "style"))).toBe(false);
    expect((await litevae(folder, ...flags, "--target", "torch")).code).toBe(0);
  });
  test("a part that the model has not", async () => {
    expect(await compile("tiny.ts", "--parts", "encoder,discriminator")).toMatchInlineSnapshot(`
      "
      error: tiny has no discriminator
        found:    encoder, decoder
        help:     leave it out of --parts, or add it to the model
      "
    `);
  });
  test("an option that the model has not", async () => {
    write(folder, {
      "variant.ts": 'import { litevae } from "litevae";\n\nconst variant = "XL" as "L";\nexport default litevae({ variant });\n',
    });
    expect(await compile("variant.ts")).toMatchInlineSnapshot(`
      "
      error: variant of litevae has no such choice
        at variant.ts:4
          2 |
          3 | const variant = "XL" as "L";
        > 4 | export default litevae({ variant });
          5 |
        expected: S, B, M, L
        found:    XL
        help:     choose one of S, B, M, L
      "
    `);
  });
  test("nothing of this leaves a folder", () => {
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
