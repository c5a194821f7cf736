/** Graphs for one batch and image size: they load and compute the same, and every command says so of another size. */
// @module-tag python
// @module-tag slow
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "./in-process.ts";
import { facts, litevae as started, manifestOf, photos, tempFolder } from "./litevae.ts";

const folder = tempFolder();
const failed = async (code: number, ...args: readonly string[]): Promise<string> => {
  const result = await litevae(folder, ...args);
  expect(result.code, result.stderr).toBe(code);
  return result.stderr;
};
const done = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await litevae(folder, ...args);
  expect(code, stderr).toBe(0);
  return stdout;
};

beforeAll(async () => {
  await done("compile", "nano", "-o", "any");
  await done("compile", "nano", "-o", "fixed", "--fixed", "1,64,64");
  await done("compile", "vae-small", "-o", "attending", "--parts", "encoder", "--fixed", "2,64,96");
}, 120_000);

describe("--fixed", () => {
  test("writes shapes of numbers, which onnx's checker and its shape inference find right", () => {
    expect(facts(folder, "fixed_shapes", "fixed/encoder.onnx")).toEqual({
      open: [],
      asked: 0,
      inputs: { image: [1, 3, 64, 64] },
      outputs: { mean: [1, 12, 8, 8], logvar: [1, 12, 8, 8] },
    });
    expect(facts(folder, "fixed_shapes", "fixed/decoder.onnx")).toMatchObject({
      open: [],
      inputs: { latent: [1, 12, 8, 8] },
      outputs: { image: [1, 3, 64, 64] },
    });
    // Attention would ask for a shape.
    expect(facts(folder, "fixed_shapes", "attending/encoder.onnx")).toMatchObject({
      open: [],
      asked: 0,
      inputs: { image: [2, 3, 64, 96] },
    });
    expect(manifestOf(join(folder, "fixed"))).toMatchObject({ onnx: { fixed: [1, 64, 64] } });
  });

  test("gives what graphs for any size give", async () => {
    const data = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i / 7));
    const image = new ort.Tensor("float32", data, [1, 3, 64, 64]);
    const [any, fixed] = await Promise.all(
      ["any", "fixed"].map(async (name) => {
        const session = await ort.InferenceSession.create(join(folder, name, "encoder.onnx"));
        const { mean } = await session.run({ image });
        return [...(mean?.data as Float32Array)];
      }),
    );
    const largest = Math.max(...any!.map(Math.abs));
    for (const [i, value] of any!.entries()) expect(Math.abs(value - (fixed![i] ?? NaN))).toBeLessThan(1e-5 * largest);
  });

  test.each<[size: string, code: number, text: string]>([
    ["1,60,64", 1, "expected: a height of 56 or 64"],
    ["1,64,65", 1, "expected: a width of 64 or 72"],
    ...["64,64", "1,2,3,4", "0,64,64", "-1,8,8", "1.5,8,8", "1,,8", "1,1e300,8"].map((size): [string, number, string] => [
      size,
      2,
      "--fixed cannot be read\n  expected: 3 whole numbers of at least 1, separated by commas",
    ]),
  ])("%s is refused", async (size, code, text) => {
    expect(await failed(code, "compile", "nano", "-o", "none", "--fixed", size)).toContain(text);
  });
});

describe("sizes beyond what runtimes count", () => {
  const most = "at most 2,147,483,647 elements in a tensor, which runtimes count in 32 bits";
  test.each<[model: string, size: string, tensor: string, over: string]>([
    ["nano", "1,1000000000,8", "image [1, 3, 1000000000, 8]", "21,852,516,353"],
    ["nano", "9007199254740991,8,8", "image [9007199254740991, 3, 8, 8]", "1,729,382,254,762,790,000"],
    ["nano", "1,8192,8192", "[1, 48, 8192, 8192]", "1,073,741,825"],
    // The scores of its attention.
    ["vae-small", "1,1024,4096", "[1, 1, 65536, 65536]", "2,147,483,649"],
  ])("%s at %s is refused by how much, before anything is written", async (model, size, tensor, over) => {
    const told = await failed(1, "compile", model, "-o", "none", "--fixed", size);
    expect(told).toContain(` of ${model} for --fixed ${size} has ${over} elements too many`);
    expect(told).toContain(most);
    expect(told).toContain(tensor);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

describe("a folder of fixed graphs", () => {
  test("is verified at its size, and at no other", async () => {
    expect(await done("verify", "fixed")).toContain("64×64, ");
    expect(await done("verify", "attending")).toContain("64×96, ");
    const refused = await failed(1, "verify", "fixed", "--size", "128");
    expect(refused).toContain("compiled with --fixed, for one size alone");
    expect(refused).toContain("expected: one image of 64×64\n  found:    one image of 128×128");
  });

  test("is measured at its size, and at no other", async () => {
    // Each row is measured in a process that the built command starts.
    const quick = ["--repeats", "1", "--seconds", "0", "--provider", "cpu", "--format", "json"];
    const { code, stdout, stderr } = started(folder, "bench", "fixed", ...quick);
    expect(code, stderr).toBe(0);
    const rows = JSON.parse(stdout) as {
      size: number;
      rows: readonly { batch: number; error: string | null }[];
    };
    expect(rows.size).toBe(64);
    expect(rows.rows.map(({ batch, error }) => [batch, error])).toEqual([
      [1, null],
      [1, null],
    ]);
    expect(await failed(1, "bench", "fixed", "--batches", "1,2")).toContain("found:    2 images of 64×64");
    expect(await failed(1, "bench", "attending")).toContain("bench measures square images");
  });

  test("gets images that are padded or cropped to its size, and refuses larger ones", async () => {
    const photo = join(photos, "chelsea.png");
    expect(await done("run", "fixed", photo, "-o", "cropped", "--fit", "crop")).toContain("cropped to 64×64");
    expect(await failed(1, "run", "fixed", photo, "-o", "padded")).toMatch(/too large to pad[^]*a height of at most 64/);
  });

  test("has a client that knows it", async () => {
    expect(readFileSync(join(folder, "fixed/client.d.ts"), "utf8")).toContain("fixed: { readonly batch: 1");
    const { createClient } = (await import(
      join(folder, "fixed/client.js")
    )) as typeof import("../../src/targets/client/template.mts");
    const client = await createClient(ort, { encoder: join(folder, "fixed/encoder.onnx") });
    const image = (side: number): Parameters<typeof client.encode>[0] => ({
      data: new Float32Array(3 * side * side),
      height: side,
      width: side,
    });
    expect((await client.encode(image(64))).mean).toMatchObject({ height: 8, width: 8 });
    await expect(client.encode(image(72))).rejects.toThrow("take [1, 3, 64, 64] alone (--fixed), not [1, 3, 72, 72]");
    await client.release();
    const inputMetadata = [{ name: "image", shape: [1, 3, 32, 32] }];
    const session = { inputMetadata, run: () => Promise.resolve({}), release: () => Promise.resolve() };
    const runtime = { Tensor: ort.Tensor, InferenceSession: { create: () => Promise.resolve(session) } };
    await expect(createClient(runtime, { encoder: "encoder.onnx" })).rejects.toThrow(
      "encoder: this graph takes image [1, 3, 32, 32] alone (--fixed), and this client.js is of graphs that take [1, 3, 64, 64] alone (--fixed): take both from one folder",
    );
  });
});
