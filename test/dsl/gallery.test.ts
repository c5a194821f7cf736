/** examples/gallery/: what a user would write, and the built-in models of these names. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { must } from "../../src/errors/must.ts";
import type { Model } from "../../src/ir/model.ts";
import { printPart } from "../../src/ir/print.ts";
import { root } from "../e2e/litevae.ts";

const folder = join(root, "examples/gallery");
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

test.each(files)("%s is the built-in model of its name", async (file) => {
  const { default: model } = (await import(join(folder, file))) as { default: Model };
  const name = basename(file, ".ts");
  // Published files of Stable Diffusion have the 1×1 convolutions, ours have not.
  const built = must(builtIns[name], name).build(name === "sd-vae" ? { weightKeys: ["quant_conv.weight"] } : {});
  expect(model.parts.map(printPart)).toEqual(built.parts.map(printPart));
  expect(model.interchange).toEqual(built.interchange);
});

test.each(Object.keys(builtIns))("%s can be built under its name, with another latent", (name) => {
  const built = builtIns[name]!.build({ latentChannels: 8 });
  expect(built).toMatchObject({ name, latentChannels: 8, stride: name === "kl-f16d32" ? 16 : 8 });
  // What was published without a discriminator has none.
  const parts = name.startsWith("tae") ? ["encoder", "decoder"] : ["encoder", "decoder", "discriminator"];
  expect(built.parts.map((part) => part.name)).toEqual(parts);
});
