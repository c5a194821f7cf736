/** The numbers that a run measured of its latents: they reach every file that `compile` writes, to the last bit. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { compiledTiny, litevae } from "./in-process.ts";
import { manifestOf, sha256, write } from "./litevae.ts";

type Client = typeof import("../../src/targets/client/template.mts");

const { folder, compiled, wrong } = compiledTiny();

const measured = {
  scaling_factor: 1.1112345678901235,
  shift_factor: -0.1,
  latents_mean: [0.1 + 0.2, -1e-7, 3, 1 / 3],
  latents_std: [1.1, 0.25, 1e3, 2 / 3],
  latent_images: 10_000,
};

/** A run's folder with the tiny model's weights, whose config.json holds these. */
function run(name: string, config: unknown): string {
  write(folder, { [`${name}/config.json`]: typeof config === "string" ? config : JSON.stringify(config) });
  copyFileSync(join(compiled, "model.safetensors"), join(folder, name, "model.safetensors"));
  return `${name}/model.safetensors`;
}

async function compile(out: string, weights: string): Promise<{ readonly path: string; readonly told: string }> {
  const { code, stderr } = await litevae(folder, "compile", "tiny.ts", "-o", out, "--weights", weights);
  expect(code, stderr).toBe(0);
  return { path: join(folder, out), told: stderr };
}

const configOf = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(path, "config.json"), "utf8")) as Record<string, unknown>;
const clientOf = async (path: string): Promise<Client> => (await import(join(path, "client.js"))) as Client;

describe("numbers in config.json beside the weights", () => {
  test("reach config.json, both graphs and the client, and a second compile from that folder", async () => {
    const { path, told } = await compile("trained", run("run", { model: "tiny", latent_channels: 4, stride: 4, ...measured }));
    expect(told).not.toContain("warning");
    expect(configOf(path)).toMatchObject(measured);
    expect((await clientOf(path)).latents).toEqual(measured);
    for (const graph of ["encoder.onnx", "decoder.onnx"]) {
      const text = readFileSync(join(path, graph), "latin1");
      for (const value of Object.values(measured)) expect(text).toContain(JSON.stringify(value));
    }
    const again = await compile("again", "trained/model.safetensors");
    expect(readFileSync(join(again.path, "config.json"))).toEqual(readFileSync(join(path, "config.json")));
    expect(manifestOf(again.path).files["encoder.onnx"]).toEqual(manifestOf(path).files["encoder.onnx"]);
  });
  test("normalise in the client as diffusers' pipelines do, and back", async () => {
    const latent = { data: Float32Array.from({ length: 2 * 4 * 6 }, (_, i) => Math.sin(i)), batch: 2, height: 2, width: 3 };
    const forms = { global: {}, channel: { normalization: "channel" } };
    for (const [name, form] of Object.entries(forms)) {
      const { latents, normalize, denormalize } = await clientOf(
        (await compile(name, run(`run-${name}`, { ...measured, ...form }))).path,
      );
      expect(latents).toEqual({ ...measured, ...form });
      const normal = normalize(latent);
      const [shift, scale] =
        name === "channel"
          ? [measured.latents_mean, measured.latents_std.map((std) => measured.scaling_factor / std)]
          : [Array(4).fill(measured.shift_factor) as number[], Array(4).fill(measured.scaling_factor) as number[]];
      normal.data.forEach((value, i) => {
        const channel = Math.floor(i / 6) % 4;
        expect(value).toBeCloseTo(((latent.data[i] ?? 0) - (shift[channel] ?? 0)) * (scale[channel] ?? 0), 3);
      });
      denormalize(normal).data.forEach((value, i) => expect(value).toBeCloseTo(latent.data[i] ?? 0, 4));
    }
  });
  test("are absent without a word where weights are untrained, and missed where they are trained", async () => {
    expect(configOf(compiled)).toMatchObject({ scaling_factor: 1, shift_factor: 0 });
    expect(configOf(compiled)).not.toHaveProperty("latents_mean");
    copyFileSync(join(compiled, "model.safetensors"), join(folder, "bare.safetensors"));
    const { path, told } = await compile("bare", "bare.safetensors");
    expect(told).toContain("warning: no config.json beside bare.safetensors says how its latents are spread");
    expect(configOf(path)).toMatchObject({ scaling_factor: 1, shift_factor: 0 });
    const { told: beside } = await compile("unmeasured", join(basename(compiled), "model.safetensors"));
    expect(beside).toContain(`warning: ${basename(compiled)}/config.json has no measured spread of latents: config.json gets`);
    expect(beside).not.toContain("no config.json");
    expect(readFileSync(join(path, "encoder.onnx"), "latin1")).not.toContain("scaling_factor");
  });
  test.each([
    ["no JSON", "{", "cannot read no JSON/config.json"],
    ["a list", [], "expected: an object"],
    ["a word for a number", { scaling_factor: "1.1" }, "scaling_factor: a finite number"],
    ["nothing to divide by", { scaling_factor: 0 }, "scaling_factor other than 0"],
    ["too few channels", { ...measured, latents_std: [1, 2] }, "latents_std: 4 finite numbers, one a latent channel"],
    [
      "half of the channels' numbers",
      { scaling_factor: 1, latents_mean: [1, 2, 3, 4] },
      "latents_mean and latents_std, or neither",
    ],
  ])("are refused: %s", async (name, config, said) => {
    expect(await wrong("compile", "tiny.ts", "-o", "refused", "--weights", run(name, config))).toContain(said);
  });
});

describe("weights beside a manifest", () => {
  test("are refused when a byte of them is another, and taken as they were compiled", async () => {
    const out = join(folder, "damaged");
    cpSync(compiled, out, { recursive: true });
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "whole", "--weights", "damaged/model.safetensors")).code).toBe(0);
    const file = join(out, "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 2]! ^= 1;
    writeFileSync(file, bytes);
    const message = await wrong("compile", "tiny.ts", "-o", "refused", "--weights", "damaged/model.safetensors");
    expect(message).toContain("the weights damaged/model.safetensors are not those that were compiled");
    expect(message).toContain(`expected: sha256 ${manifestOf(out).files["model.safetensors"]?.sha256}`);
  });
  test("and their config.json is refused when a number of it is another", async () => {
    const out = join(folder, "edited");
    cpSync(compiled, out, { recursive: true });
    const text = readFileSync(join(out, "config.json"), "utf8");
    writeFileSync(join(out, "config.json"), text.replace('"scaling_factor": 1,', '"scaling_factor": 0.5,'));
    const message = await wrong("compile", "tiny.ts", "-o", "refused", "--weights", "edited/model.safetensors");
    expect(message).toContain("edited/config.json, beside the weights, is not the file that was compiled");
    expect(message).toContain(`expected: sha256 ${manifestOf(out).files["config.json"]?.sha256}`);
    expect(message).toContain("goes into a folder without that manifest");
  });
  test("and those of a training checkpoint are as its state says", async () => {
    const checkpoint = join(folder, "step-00000006");
    mkdirSync(checkpoint);
    const files = { "average.safetensors": "model.safetensors", "config.json": "config.json" };
    for (const [name, from] of Object.entries(files)) cpSync(join(compiled, from), join(checkpoint, name));
    const hashes = Object.fromEntries(Object.keys(files).map((name) => [name, sha256(readFileSync(join(checkpoint, name)))]));
    const say = (state: string): void => writeFileSync(join(checkpoint, "state.json"), state);
    const compile = ["compile", "tiny.ts", "-o", "of-checkpoint", "--weights", "step-00000006/average.safetensors"] as const;
    say(JSON.stringify({ step: 6, files: hashes }));
    expect((await litevae(folder, ...compile)).code).toBe(0);
    say(JSON.stringify({ step: 6, files: { ...hashes, "average.safetensors": "0".repeat(64) } }));
    expect(await wrong(...compile)).toContain("average.safetensors are not those that were trained");
    say(JSON.stringify({ step: 6, files: { ...hashes, "config.json": "0".repeat(64) } }));
    expect(await wrong(...compile)).toContain("config.json, beside the weights, is not the file that was trained");
    say("{");
    expect(await wrong(...compile)).toContain(
      "step-00000006/state.json, which has the hashes of the files beside it, is damaged",
    );
    // Numbers and the order of keys are Python's.
    const fields = `"step": 6, "rate": 1e-05, "files": {"config.json": "${hashes["config.json"]}", "a": "b"}, "model": "\\u00e9"`;
    const inOrder = `{"files": {"a": "b", "config.json": "${hashes["config.json"]}"}, "model": "\\u00e9", "rate": 1e-05, "step": 6}\n`;
    say(`{${fields}, "sha256": "${sha256(Buffer.from(inOrder))}"}`);
    expect((await litevae(folder, ...compile, "--force")).code).toBe(0);
    say(`{${fields.replace("1e-05", "1e-06")}, "sha256": "${sha256(Buffer.from(inOrder))}"}`);
    expect(await wrong(...compile)).toContain("its bytes are not those that were written");
  });
  test("and those that a run left are as its hashes say", async () => {
    const run = join(folder, "finished");
    mkdirSync(run);
    for (const name of ["model.safetensors", "config.json"]) cpSync(join(compiled, name), join(run, name));
    const compile = ["compile", "tiny.ts", "-o", "of-run", "--weights", "finished"] as const;
    const hash = (name: string): string => sha256(readFileSync(join(run, name)));
    const hashes = { "model.safetensors": hash("model.safetensors"), "config.json": hash("config.json") };
    writeFileSync(join(run, "hashes.json"), JSON.stringify({ files: hashes }));
    expect((await litevae(folder, ...compile)).code).toBe(0);
    writeFileSync(join(run, "hashes.json"), JSON.stringify({ files: { ...hashes, "model.safetensors": "0".repeat(64) } }));
    expect(await wrong(...compile)).toContain("model.safetensors are not those that were trained");
  });
});
