/** Compiling into a folder of a file's own, and models to compile. */
import { join } from "node:path";
import { expect } from "vitest";
import { litevae } from "./in-process.ts";
import { facts, tempFolder, tinyModel, write } from "./litevae.ts";

export const folder = tempFolder();

export const allParts = ["--parts", "encoder,decoder,discriminator"] as const;

/** Compiles into a folder of the given name, which must succeed. */
export async function compile(model: string, out: string, ...flags: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await litevae(folder, "compile", model, "-o", out, ...flags);
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "" });
  return join(folder, out);
}

export const ask = (question: string, ...args: readonly string[]): unknown => facts(folder, question, ...args);

/** Every kind of layer that the built-in models have, attention and spectral norm among them, with few channels and few of each. */
const miniModel = `import { KlDecoder, LiteVaeEncoder, UNetDiscriminator } from "litevae/blocks";
import { model } from "litevae/dsl";

const narrow = { channels: 8, multipliers: [1] };
const levels = { base: 32, multipliers: [1, 1, 1, 1], blocks: 1, attentionAt: [] };

export default model({
  latentChannels: 12,
  encoder: LiteVaeEncoder({ imageChannels: 3, moments: 24, extractor: narrow, aggregator: narrow, dropout: 0 }),
  decoder: KlDecoder({ latentChannels: 12, imageChannels: 3, norm: "group", attention: true, ...levels }),
  discriminator: UNetDiscriminator({ imageChannels: 3, channels: 4, multipliers: [1, 2, 4, 8, 8, 16], reduction: "sum" }),
});
`;

/** Before all tests of a file: tiny.ts and mini.ts. */
export function writeModels(): void {
  write(folder, { "tiny.ts": tinyModel, "mini.ts": miniModel });
}
