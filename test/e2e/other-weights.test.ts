/** config.json beside weights says what they are of: what contradicts the model is refused where every tensor fits, and a name is told. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compiledTiny, litevae } from "./in-process.ts";
import { write } from "./litevae.ts";

const { folder, compiled, wrong } = compiledTiny();

/** A folder with the tensors of a compiled one and its config.json, with some settings changed. */
function copyOf(of: string, name: string, changed: Readonly<Record<string, unknown>>): string {
  const config = JSON.parse(readFileSync(join(of, "config.json"), "utf8")) as Readonly<Record<string, unknown>>;
  write(folder, { [`${name}/config.json`]: JSON.stringify({ ...config, ...changed }) });
  copyFileSync(join(of, "model.safetensors"), join(folder, name, "model.safetensors"));
  return name;
}

test.each([
  ["stride", 16],
  ["image_channels", 1],
  ["latent_channels", 8],
])("%s of another model", async (setting, value) => {
  const weights = copyOf(compiled, `other-${setting}`, { [setting]: value, scaling_factor: undefined });
  const told = await wrong("compile", "tiny.ts", "-o", "out", "--weights", weights);
  expect(told).toContain(`${weights}/config.json, beside the weights, is of another model than tiny`);
  expect(told).toContain(`found:    ${setting}: ${value}\n`);
});

test("the name of another model whose tensors all fit is told", async () => {
  const weights = copyOf(compiled, "renamed", { model: "mine", scaling_factor: 0.5 });
  const { code, stderr } = await litevae(folder, "compile", "tiny.ts", "-o", "from-renamed", "--weights", weights);
  expect(code).toBe(0);
  expect(stderr).toContain(
    "warning: renamed/config.json calls the weights those of mine, and every tensor of tiny is among them",
  );
});

const kl = `import { sdVae } from "litevae";
export default sdVae({ base: 32, multipliers: [1, 1], blocks: 1, discriminator: false });
`;

test("diffusers' settings that no tensor shows", async () => {
  write(folder, { "kl.ts": kl });
  expect((await litevae(folder, "compile", "kl.ts", "-o", "kl")).code).toBe(0);
  const own = { force_upcast: false, sample_size: 64, scaling_factor: 0.5, shift_factor: 0.1, use_quant_conv: true };
  const same = copyOf(join(folder, "kl"), "same", { ...own, latents_mean: [0, 0, 0, 0], latents_std: [1, 1, 1, 1] });
  expect((await litevae(folder, "compile", "kl.ts", "-o", "from-same", "--weights", same)).code).toBe(0);
  const others = { act_fn: "relu", norm_num_groups: 16, block_out_channels: [32, 64], _class_name: "AutoencoderTiny" };
  for (const [setting, value] of Object.entries(others)) {
    const told = await wrong(
      "compile",
      "kl.ts",
      "-o",
      "out",
      "--weights",
      copyOf(join(folder, "kl"), setting, { [setting]: value }),
    );
    expect(told).toContain(`found:    ${setting}: ${JSON.stringify(value)}\n`);
  }
});

test("a folder of diffusers' that was compiled is one again, whatever it was called", async () => {
  const { _litevae: own, ...config } = JSON.parse(readFileSync(join(folder, "kl/config.json"), "utf8")) as Record<
    string,
    unknown
  >;
  expect(own).toMatchObject({ model: "kl" });
  write(folder, { "theirs/config.json": JSON.stringify(config) });
  copyFileSync(join(folder, "kl/model.safetensors"), join(folder, "theirs/diffusion_pytorch_model.safetensors"));
  for (const [from, to] of [
    ["theirs", "ours"],
    ["ours", "again"],
  ] as const) {
    const { code, stderr } = await litevae(folder, "compile", from, "-o", to);
    expect(code, stderr).toBe(0);
  }
  expect(readFileSync(join(folder, "again/config.json"), "utf8")).toBe(readFileSync(join(folder, "ours/config.json"), "utf8"));
});
