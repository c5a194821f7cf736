/** examples/gallery/: what a user would write, and the built-in models of these names; docs/gallery.md, which `npm run test:update` writes anew. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { must } from "../../src/errors/must.ts";
import type { Model } from "../../src/ir/model.ts";
import { printPart } from "../../src/ir/print.ts";
import { countModel } from "../../src/report/count.ts";
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

/** How much smaller latents are, where that is not 8. */
const strides: Readonly<Record<string, number>> = {
  "kl-f16d32": 16,
  "cosmos-ci16x16": 16,
  "dc-ae-f32c32-in": 32,
  "dc-ae-f32c32-sana": 32,
  "dc-ae-f64c128-in": 64,
};

test.each(Object.keys(builtIns))("%s can be built under its name, with another latent", (name) => {
  const built = builtIns[name]!.build({ latentChannels: 8 });
  expect(built).toMatchObject({ name, latentChannels: 8, stride: strides[name] ?? 8 });
  // What was published without a discriminator has none.
  const parts = /^(asymmetric|cosmos|flux2|tae|dc-ae)/.test(name)
    ? ["encoder", "decoder"]
    : ["encoder", "decoder", "discriminator"];
  expect(built.parts.map((part) => part.name)).toEqual(parts);
});

/** Seconds of encoder and decoder by model, as the table in docs/benchmarks.md has them. */
function latencies(): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const [, table = ""] = readFileSync(join(root, "docs/benchmarks.md"), "utf8").split("### Gallery, 256², batch 1\n");
  const rows = table.matchAll(/^\| (\S+) \| ([\d.]+) \| ([\d.]+) \|$/gm);
  return new Map([...rows].map(([, name = "", encoder = "", decoder = ""]) => [name, { encoder, decoder }]));
}
const measured = latencies();

/** What a model's two parts cost at 256². */
function row(file: string): string {
  const name = basename(file, ".ts");
  const model = must(builtIns[name], name).build(name === "sd-vae" ? { weightKeys: ["quant_conv.weight"] } : {});
  const counts = countModel(model, 256);
  const costs = ["encoder", "decoder"].flatMap((part) => {
    const { params, macs, activationBytes } = must(counts.parts[part], part);
    return [
      params.toLocaleString("en"),
      (macs / 1e9).toFixed(2),
      (must(activationBytes, part) / 2 ** 20).toFixed(1),
      must(measured.get(name)?.[part], `latency of ${name}`),
    ];
  });
  const [about = ""] = /(?<=\/\*\* ).*(?= \*\/)/.exec(readFileSync(join(folder, file), "utf8")) ?? [];
  return `| [${name}](../examples/gallery/${file}) | ${about} | ${model.latentChannels} × 1/${model.stride} | ${costs.join(" | ")} |\n`;
}

test("docs/gallery.md", async () => {
  const text = `# Gallery

Autoencoders that people have weights of: built in under these names, and files of a few lines in [examples/gallery/](../examples/gallery/). Parameters are
those of the published files, under their keys; a folder of diffusers compiles by itself (\`litevae compile FOLDER -o DIR\`), and diffusers opens what comes out. Tests
hold counts against diffusers' own classes, and at random weights keys and outputs of flux1, kl-f16d32, taesd and taef1, whose layers the others share (\`test/torch/test_published.py\`,
sd-vae in \`test/torch/test_diffusers.py\`), and those of the DC-AE models and asymmetric-kl with narrower layers (\`test/torch/test_published_dc.py\`, \`test_published_asymmetric.py\`).
flux2-small-decoder is held to encoder and decoder of diffusers (\`test/torch/test_published_flux2.py\`), whose later versions alone have a class of it.
cosmos-ci8x8 and cosmos-ci16x16, for which diffusers has no class, are held to a PyTorch module of the same facts (\`test/torch/test_published_cosmos.py\`).

The built-in sd-vae is the paper's baseline, without the two 1×1 convolutions beside the latent (72 and 20 parameters): of Stable Diffusion's own files \`compile FOLDER\` and
[sd-vae.ts](../examples/gallery/sd-vae.ts) make the model with them, which the table counts.

DC-AE's folders are those whose names end in \`-diffusers\`; the authors' own files have other keys. Of its \`-mix\` models the architecture is that of \`-in\`: their folders compile, too.

asymmetric-kl is \`asymmetric-autoencoder-kl-x-1-5\`; the folder of \`x-2\` compiles, too. Its decoder takes, beside the latent, the image that was encoded (\`original\`) and a
\`mask\` [N, 1, H, W]: 1 where it decodes, 0 where it keeps the image. Where diffusers is given neither, give a mask of ones: the results are the same. Both were published
with weights in a \`.bin\` file; diffusers makes of it what litevae reads: \`AsymmetricAutoencoderKL.from_pretrained(FOLDER).save_pretrained(OTHER)\`.

The folder of flux2-small-decoder, and those of FLUX.2's own autoencoder (\`AutoencoderKLFlux2\`), compile, too. Their encoder gives \`normalized\` besides: the mean in cells of 2×2 under
the statistics of \`bn\`, [N, 128, H/16, W/16], as the transformer of FLUX.2 takes it; sides of images are multiples of 16. The decoder takes latents [N, 32, H/8, W/8],
as that of diffusers does. \`--weights\` takes the file of Black Forest Labs, too, \`full_encoder_small_decoder.safetensors\` under keys of its own.

The tokenizers of Cosmos were published as TorchScript. These lines make of it what \`litevae compile cosmos-ci8x8 --weights cosmos.safetensors -o DIR\` takes; the keys
are NVIDIA's, and the buffers of its patchers, which graphs have as numbers, stay behind. Sides of images are multiples of 8, or 16.

\`\`\`python
import torch
from safetensors.torch import save_file

state = torch.jit.load("autoencoder.jit", map_location="cpu").state_dict()
save_file({key: value for key, value in state.items() if "patcher." not in key}, "cosmos.safetensors")
\`\`\`

At 256², batch 1; GMACs count multiplications with additions once, activation is what onnxruntime allocates, counted as
[measuring.md](measuring.md#what-is-counted) says. Seconds are those of one thread of an Intel Xeon with AVX-512
in onnxruntime 1.32, \`--for cpu\` ([benchmarks.md](benchmarks.md#gallery-256-batch-1)); what they take on your hardware \`litevae bench\` measures.

| model | | latent | encoder, parameters | GMACs | activation, MiB | seconds | decoder, parameters | GMACs | activation, MiB | seconds |
|---|---|---|---|---|---|---|---|---|---|---|
${files.map(row).join("")}`;
  await expect(text).toMatchFileSnapshot(join(root, "docs/gallery.md"));
});
