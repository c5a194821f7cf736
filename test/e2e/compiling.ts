/** Compiling into a folder of a file's own, and models to compile. */
import { join } from "node:path";
import { expect } from "vitest";
import { facts, litevae, tempFolder, tinyModel, write } from "./litevae.ts";

export const folder = tempFolder();

export const allParts = ["--parts", "encoder,decoder,discriminator"] as const;

/** Compiles into a folder of the given name, which must succeed. */
export function compile(model: string, out: string, ...flags: readonly string[]): string {
  const { code, stdout, stderr } = litevae(folder, "compile", model, "-o", out, ...flags);
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "" });
  return join(folder, out);
}

export const ask = (question: string, ...args: readonly string[]): unknown => facts(folder, question, ...args);

/** Every kind of layer that the built-in models have, attention and spectral norm among them, with few channels. */
const miniModel = `import { litevae } from "litevae";

export default litevae({ variant: "S", decoder: { base: 32, multipliers: [1, 1, 1, 1] }, discriminator: { kind: "unet", channels: 4 } });
`;

/** Before all tests of a file: tiny.ts and mini.ts. */
export function writeModels(): void {
  write(folder, { "tiny.ts": tinyModel, "mini.ts": miniModel });
}
