/** What `compile` writes: the same bytes for the same input, files that match their manifest, graphs that runtimes load. */
// @module-tag python
// @module-tag slow
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "./in-process.ts";
import { hashes, litevae as started, manifestOf, photos, root, sha256, tinyModel, write } from "./litevae.ts";
import { folder, allParts, compile, ask, writeModels } from "./compiling.ts";

beforeAll(writeModels);

/** Compiles as `compile` does, in a process of its own, which has what the build made. */
function compileAlone(model: string, out: string, ...flags: readonly string[]): string {
  const { code, stderr } = started(folder, "compile", model, "-o", out, ...flags);
  expect(code, stderr).toBe(0);
  return join(folder, out);
}

describe("the same input", () => {
  test("gives the same bytes: a built-in model", async () => {
    expect(hashes(await compile("nano", "nano-1"))).toEqual(hashes(compileAlone("nano", "nano-2")));
  });
  test("gives the same bytes: a file, from another place, over a folder that is complete", async () => {
    write(folder, { "elsewhere/far/tiny.ts": tinyModel });
    const flags = ["--target", "onnx,torch", "--external-data"];
    await compile("tiny.ts", "tiny-2", "--seed", "7");
    expect(hashes(await compile("tiny.ts", "tiny-1", ...flags))).toEqual(
      hashes(compileAlone("elsewhere/far/tiny.ts", "tiny-2", ...flags)),
    );
  });
  test("with another seed gives other weights, and nothing else", async () => {
    const [one, two] = [
      await compile("mini.ts", "seed-0", ...allParts),
      await compile("mini.ts", "seed-1", ...allParts, "--seed", "1"),
    ];
    const [changed, same] = ask("different_weights", "seed-0", "seed-1") as readonly (readonly string[])[];
    expect(changed?.length).toBeGreaterThan(150);
    // Norms start at ones and zeros, whatever the seed.
    expect(same?.filter((key) => !/norm\w*\.(?:weight|bias)$/.test(key))).toEqual([]);
    const parts = ["encoder", "decoder", "discriminator"];
    expect(ask("different_graphs", "seed-0", "seed-1", ...parts)).toEqual(
      parts.map(() => ({ weights: ["untrained, seed 0", "untrained, seed 1"] })),
    );
    expect(readFileSync(join(one, "config.json"))).toEqual(readFileSync(join(two, "config.json")));
  });
  test("gives a part the same weights, whatever other parts are compiled", async () => {
    const [all, alone] = [join(folder, "seed-0"), await compile("mini.ts", "alone", "--parts", "encoder")];
    expect(readFileSync(join(alone, "encoder.onnx")).equals(readFileSync(join(all, "encoder.onnx")))).toBe(true);
    expect(readFileSync(join(all, "model.safetensors")).includes(tensorBytes(join(alone, "model.safetensors")))).toBe(true);
  });
});

/** What follows the header of a safetensors file. */
function tensorBytes(path: string): Buffer {
  const bytes = readFileSync(path);
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
}

describe("the folder", () => {
  const filesOf = (out: string): readonly string[] => Object.keys(hashes(out));

  test("says which sizes encoder and decoder take, whatever the discriminator needs beside them", async () => {
    await compile("mini.ts", "sized", ...allParts);
    const config = JSON.parse(readFileSync(join(folder, "sized/config.json"), "utf8")) as Record<string, unknown>;
    const multiples = (step: number): unknown => ({ height: { minimum: step, step }, width: { minimum: step, step } });
    expect(config).toMatchObject({ sizes: multiples(8), sizes_with_discriminator: multiples(64) });
    expect(readFileSync(join(folder, "sized/client.js"), "utf8")).not.toMatch(/(minimum|step): 64/);
    const image = join(photos, "chelsea.png");
    expect((await litevae(folder, "run", "sized", image, "-o", "images")).stdout).toContain("300×451, padded to 304×456");
    expect((await litevae(folder, "verify", "sized", "--size", "72")).stdout).toContain("128×128");
  });
  test("holds what its manifest lists, with sizes and sha256, and the manifest", async () => {
    const out = await compile(
      "mini.ts",
      "listed",
      "--target",
      "onnx,torch",
      "--external-data",
      "--parts",
      "decoder,discriminator",
    );
    const { files, litevae: version, model } = manifestOf(out);
    expect({ version, model }).toEqual({ version: "0.1.0", model: "mini" });
    expect([...Object.keys(files), "manifest.json"].sort()).toEqual(filesOf(out));
    const some = [
      "client.d.ts",
      "client.js",
      "config.json",
      "decoder.onnx",
      "decoder.onnx.data",
      "discriminator.onnx",
      "model.safetensors",
      "package.json",
      "pyproject.toml",
      "worker.js",
    ];
    expect(Object.keys(files)).toEqual(expect.arrayContaining(some));
    for (const [name, { bytes, sha256: hash }] of Object.entries(files)) {
      const content = readFileSync(join(out, name));
      expect({ name, bytes, hash }).toEqual({ name, bytes: content.length, hash: sha256(content) });
    }
  });
  test("loses what an earlier compile left and this one does not write", async () => {
    const out = await compile("tiny.ts", "again", "--target", "onnx,torch", "--external-data");
    expect(filesOf(out)).toContain("decoder.onnx.data");
    await compile("tiny.ts", "again", "--parts", "encoder");
    expect(readdirSync(out).sort()).toEqual([
      "client.d.ts",
      "client.js",
      "config.json",
      "encoder.onnx",
      "manifest.json",
      "model.safetensors",
      "package.json",
      "worker.js",
    ]);
  });
  test("is used again after Python left its caches and measurements in it", async () => {
    const { stderr } = await litevae(folder, "compile", "tiny.ts", "-o", "cached", "--target", "torch");
    expect(stderr).toMatch(/^tiny: writing the PyTorch package cached\/litevae_tiny\ntiny: writing model\.safetensors\n/);
    const left = [
      "litevae_tiny/__pycache__/model.cpython-311.pyc",
      "litevae_tiny.egg-info/PKG-INFO",
      "evaluation.json",
      "evaluation-2.json",
    ];
    const caches = left.map((name) => `cached/${name}`);
    write(folder, Object.fromEntries(caches.map((name) => [name, "made by Python"])));
    await compile("tiny.ts", "cached", "--target", "torch");
    for (const name of caches) expect(readFileSync(join(folder, name), "utf8")).toBe("made by Python");
  });
  // The build wrote them ahead; test/golden has what the sources write.
  test("has the networks beside a model as they are written anew", () => {
    const out = compileAlone("tiny.ts", "networks", "--target", "torch");
    for (const file of ["discriminators.py", "perceptual.py"]) {
      const written = readFileSync(join(out, "litevae_tiny", file));
      expect(written.equals(readFileSync(join(root, "test/golden/networks", file))), file).toBe(true);
    }
  });
});

describe("weights", () => {
  beforeAll(async () => {
    await compile("tiny.ts", "weights", "--seed", "3");
  });

  test("under the prefixes of DataParallel and torch.compile are those of the model", async () => {
    expect(ask("save_as", "weights", "prefixed.safetensors", "prefixed")).toBe(12);
    const out = await compile("tiny.ts", "prefixed", "--weights", "prefixed.safetensors");
    expect(readFileSync(join(out, "model.safetensors"))).toEqual(readFileSync(join(folder, "weights/model.safetensors")));
    expect(manifestOf(out).weights).toEqual({ file_sha256: sha256(readFileSync(join(folder, "prefixed.safetensors"))) });
    expect(ask("description", "prefixed/encoder.onnx")).toMatchObject({ metadata: { weights: "trained" } });
  });
  test.each(["float16", "bfloat16", "float64"])("in %s are read as the float32 of the same value", async (type) => {
    expect(ask("save_as", "weights", `${type}.safetensors`, type)).toBe(12);
    await compile("tiny.ts", type, "--weights", `${type}.safetensors`);
    expect(ask("rounded", "weights", type, type)).toBe(12);
  });
  test("may lie in the folder that is written", async () => {
    const before = hashes(join(folder, "weights"));
    const out = await compile("tiny.ts", "weights", "--weights", "weights/model.safetensors");
    expect(hashes(out)["model.safetensors"]).toBe(before["model.safetensors"]);
    expect(manifestOf(out).weights).toEqual({ file_sha256: before["model.safetensors"] });
  });
});
