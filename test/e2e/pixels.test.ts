/** What the pixels meant that weights were trained on: config.json says it, and whoever reads images for them takes it. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { npyBytes } from "../../src/images/npy.ts";
import { compiledTiny, litevae } from "./in-process.ts";
import { write } from "./litevae.ts";

type Client = typeof import("../../src/targets/client/template.mts");

const { folder, compiled, wrong } = compiledTiny();
const trained = { profile: "srgb", range: [0, 4095], nodata: null, fill: null };
const side = 16;
/** A sensor's of 12 bits: all that it can give, and as [H, W, N]. */
const samples = Float32Array.from({ length: 3 * side * side }, (_, i) => (i * 4095) / (3 * side * side - 1));

/** A run's folder with the tiny model's weights and such a config.json. */
function run(name: string, config: object): string {
  write(folder, { [`${name}/config.json`]: JSON.stringify({ model: "tiny", scaling_factor: 1.5, ...config }) });
  copyFileSync(join(compiled, "model.safetensors"), join(folder, name, "model.safetensors"));
  return `${name}/model.safetensors`;
}

async function done(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await litevae(folder, ...args);
  expect(code, stderr).toBe(0);
  return stderr;
}

const compile = (out: string, weights: string, ...more: readonly string[]): Promise<string> =>
  done("compile", "tiny.ts", "-o", out, "--weights", weights, ...more);
const configOf = (out: string): unknown => JSON.parse(readFileSync(join(folder, out, "config.json"), "utf8"));
const latentOf = (out: string): Buffer => readFileSync(join(folder, out, "latent.safetensors"));

beforeAll(async () => {
  mkdirSync(join(folder, "sensor"), { recursive: true });
  writeFileSync(join(folder, "sensor/a.npy"), npyBytes([side, side, 3], samples));
  await compile("trained", run("run", { pixels: trained }));
  await compile("plain", run("older", {}));
});

describe("what pixels meant in training", () => {
  test("goes from compile to compile, and is not made up where nothing says it", async () => {
    expect(configOf("trained")).toMatchObject({ pixels: trained });
    await compile("again", "trained/model.safetensors");
    expect(configOf("again")).toEqual(configOf("trained"));
    expect(configOf("plain")).not.toHaveProperty("pixels");
  });
  test("is how run reads an image, and another way is said", async () => {
    expect(await done("run", "trained", "sensor/a.npy", "-o", "as-trained")).not.toMatch(/warning|note/);
    // Where config.json says nothing, there is nothing to differ from.
    expect(await done("run", "plain", "sensor/a.npy", "-o", "declared", "--range", "0,4095")).not.toContain("note:");
    expect(latentOf("as-trained")).toEqual(latentOf("declared"));
    const other = await done("run", "trained", "sensor/a.npy", "-o", "other", "--range", "0,65535");
    expect(other).toContain("note: pixels are read otherwise than config.json says: range 0,4095 → 0,65535\n");
    expect(other).toContain("warning: the images use");
    expect(latentOf("other")).not.toEqual(latentOf("declared"));
    expect(await done("run", "trained", "sensor/a.npy", "-o", "same", "--range", "0,4095")).not.toContain("note:");
  });
  test("is how calibration reads images, and another way is said", async () => {
    const half = ["--precision", "fp16", "--calibrate", "sensor"];
    expect(await compile("half", "run/model.safetensors", ...half)).not.toMatch(/warning|pixels/);
    const told = await compile("half", "run/model.safetensors", ...half, "--range", "0,65535");
    expect(told).toContain("note: pixels are read otherwise than config.json says: range 0,4095 → 0,65535\n");
    expect(told).toContain("warning: the images use");
  });
  test("is how the client reads samples", async () => {
    const { pixels, fromSamples } = (await import(join(folder, "trained/client.js"))) as Client;
    expect(pixels).toEqual(trained);
    const values = Uint16Array.from(samples);
    const { data } = fromSamples(values, side, side);
    expect(data).toEqual(fromSamples(values, side, side, { range: [0, 4095] }).data);
    expect([Math.min(...data), Math.max(...data)]).toEqual([-1, 1]);
    // Null is no range at all: that of the type.
    expect(Math.max(...fromSamples(values, side, side, { range: null }).data)).toBeCloseTo((2 * 4095) / 65535 - 1);
  });
  test("contradicts what is asked for", async () => {
    const { code, stderr } = await litevae(folder, "run", "trained", "sensor/a.npy", "-o", "none", "--fill", "5000");
    expect(code).toBe(2);
    expect(stderr).toContain("a fill inside of the range 0, 4095");
  });
  test.each([
    ["a word", "dark"],
    ["another field", { ...trained, bits: 12 }],
    ["half a range", { ...trained, range: [0] }],
    ["a range backwards", { ...trained, range: [1, 0] }],
  ])("is refused: %s", async (name, pixels) => {
    const said = await wrong("compile", "tiny.ts", "-o", "refused", "--weights", run(name.replaceAll(" ", "-"), { pixels }));
    expect(said).toContain("does not say what the pixels meant that they were trained on");
  });
});
