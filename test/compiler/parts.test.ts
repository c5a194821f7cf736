/**
 * Models whose parts have other names and numbers of inputs and outputs: an autoencoder without a distribution, and networks that are no autoencoder.
 * They go the whole way: counts, text, graphs, packages, and what runs them.
 */
// @module-tag python
// @module-tag slow
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { openCompiled } from "../../src/artifact/compiled-folder.ts";
import { OutputFolder } from "../../src/artifact/output-folder.ts";
import { writeCompiled } from "../../src/artifact/write-compiled.ts";
import { nodeResources } from "../../src/api/node/resources.ts";
import { compile } from "../../src/compiler/compile.ts";
import { UserError } from "../../src/errors/index.ts";
import type { Model, Part } from "../../src/ir/model.ts";
import { printPart } from "../../src/ir/print.ts";
import { verifyModel } from "../../src/ir/verify.ts";
import { inferencePartsOf } from "../../src/ir/walk.ts";
import { benchmark } from "../../src/onnxruntime/benchmark.ts";
import { openReconstruct } from "../../src/onnxruntime/reconstruct.ts";
import { verify, type Verification } from "../../src/onnxruntime/verify.ts";
import { formatComparison } from "../../src/report/compare.ts";
import { countModel } from "../../src/report/count.ts";
import { formatSummary, summaryOf } from "../../src/report/summary.ts";
import { targets } from "../../src/targets/index.ts";
import { optionsOf } from "../../src/targets/target.ts";
import { tempFolder } from "../e2e/litevae.ts";
import { deterministic, diffusion, skipping } from "./models.ts";
import { runPython } from "../support/python.ts";
import { warmPython } from "../support/warm-python.ts";

const folder = tempFolder();
const warm = warmPython();
const silent = (): void => undefined;

interface Written {
  readonly path: string;
  readonly notes: string;
  readonly files: readonly string[];
}

async function written(model: Model, given: Readonly<Record<string, unknown>> = {}, parts = model.parts): Promise<Written> {
  const path = join(folder, model.name);
  const notes: string[] = [];
  const compiled = await compile(model, {
    parts: parts.map(({ name }) => name),
    // Pages are of autoencoders alone: test/web.
    targets: targets
      .filter(({ name }) => name !== "web")
      .map((target) => ({
        target,
        options: optionsOf(target, target.name === given["of"] ? (given["options"] as Readonly<Record<string, unknown>>) : {}),
      })),
    resources: nodeResources(silent),
    seed: 1,
    version: "test",
    progress: silent,
    note: ({ what, found }) => void notes.push(what, found ?? ""),
  });
  await writeCompiled(new OutputFolder(path, { force: true }), compiled, silent);
  return { path, notes: notes.join("\n"), files: compiled.files.map(({ name }) => name) };
}

async function writeCalibration(): Promise<void> {
  const image = sharp({ create: { width: 16, height: 16, channels: 3, background: "#246" } });
  writeFileSync(join(folder, "calibration.png"), await image.png().toBuffer());
}

async function verified(path: string, size = 14): Promise<Verification> {
  vi.stubEnv("LITEVAE_PYTHON", warm());
  return await verify({ folder: path, size, seed: 3, progress: silent }).finally(() => vi.unstubAllEnvs());
}

/** Every output agrees with PyTorch to float32's rounding, and is more than zeros. */
function expectAgreement({ outputs, reference }: Verification, names: readonly string[]): void {
  expect(reference).not.toBeNull();
  expect(outputs.map(({ output }) => output)).toEqual(names);
  for (const { largest, difference, ok } of outputs) {
    expect(ok).toBe(true);
    expect(difference).toBeLessThan(1e-5);
    expect(largest).toBeGreaterThan(0.01);
  }
}

const packageOf = ({ files }: Written): readonly string[] =>
  files.filter((file) => /^litevae_\w+\/[^/]+$/.test(file)).map((file) => file.replace(/^.*\//, ""));

describe("an autoencoder without a distribution", () => {
  let out: Written;
  beforeAll(async () => (out = await written(deterministic)));

  test("has graphs that give what its package gives, the decoder on the encoder's latent", async () => {
    const result = await verified(out.path);
    expectAgreement(result, ["encoder.latent", "decoder.image"]);
    const { config } = openCompiled(out.path, []);
    expect(config.wiring).toEqual({
      autoencoder: { encoder: "encoder", decoder: "decoder" },
      sources: { decoder: { latent: { part: "encoder", output: "latent" } } },
    });
  });

  test("encodes and decodes an image", async () => {
    const file = join(folder, "image.png");
    writeFileSync(
      file,
      await sharp({ create: { width: 12, height: 8, channels: 3, background: "#808" } })
        .png()
        .toBuffer(),
    );
    const reconstruct = openReconstruct({ folder: out.path, fit: "pad", pixels: {}, progress: silent });
    const { result } = await reconstruct(file, join(folder, "run"));
    expect(result).toMatchObject({ latent: { shape: [1, 4, 4, 6] }, height: 8, width: 12 });
  });

  test("has a package that trains, and a client whose encode gives the latent", async () => {
    expect(packageOf(out)).toEqual(expect.arrayContaining(["model.py", "recipe.json", "train.py"]));
    expect(out.notes).toBe("");
    const client = (await import(join(out.path, "client.js"))) as typeof import("../../src/targets/client/template.mts");
    const { encode, decode } = await client.createClient(ort, {
      encoder: join(out.path, "encoder.onnx"),
      decoder: join(out.path, "decoder.onnx"),
    });
    const data = Float32Array.from({ length: 3 * 8 * 12 }, (_, i) => Math.sin(i));
    const encoded = await encode({ data, height: 8, width: 12 });
    expect(Object.keys(encoded)).toEqual(["latent"]);
    const latent = Object.values(encoded)[0] as Parameters<typeof decode>[0];
    expect(latent).toMatchObject({ channels: 4, height: 4, width: 6 });
    expect(await decode(latent)).toMatchObject({ channels: 3, height: 8, width: 12 });
    expect(readFileSync(join(out.path, "client.d.ts"), "utf8")).toContain('readonly encoded: readonly ["latent"];');
  });
});

describe("networks that are no autoencoder", () => {
  let out: Written;
  beforeAll(async () => (out = await written(diffusion)));

  test("are counted and compared under their own names", () => {
    const counts = countModel(diffusion, 16);
    expect(counts.parts["denoiser"]).toMatchObject({
      params: (16 * 8 + 8 * 4) * 9 + 8 + 4 + 6 * 5 + 5,
      macs: (16 * 8 + 8 * 4) * 9 * 64 + 30,
      outputs: { noise: [1, 4, 8, 8], embedding: [1, 5] },
    });
    expect(formatSummary(summaryOf(counts))).toMatch(/^scorer .*\n {18}\[1, 2, 2, 2\]\n {2}coarse /m);
    expect(formatComparison([counts, countModel(deterministic, 16)])).toMatch(
      /\ndenoiser\n[^]*\nscorer\n[^]*\nencoder\n[^]*\ndecoder\n/,
    );
  });

  test("are text with all that goes in and comes out", () => {
    const text = printPart(diffusion.parts[0] as Part);
    expect(text).toContain("denoiser(sample: [N, 4, H/2, W/2], condition: [N, 3, H, W], timestep: [N, 6]):");
    expect(text).toMatch(/return noise = %\d+, embedding = %\d+\n$/);
  });

  test("have graphs that give what their package gives", async () => {
    const { config, manifest } = openCompiled(out.path, []);
    expect(Object.keys(manifest.parts)).toEqual(["denoiser", "scorer"]);
    expect(config.sizes.height).toEqual({ minimum: 2, step: 2 });
    expect(config.sizes_with_scorer?.height).toEqual({ minimum: 8, step: 8 });
    const result = await verified(out.path);
    // The next side that fits both.
    expect(result.size).toEqual({ height: 16, width: 16 });
    expectAgreement(result, ["denoiser.noise", "denoiser.embedding", "scorer.score", "scorer.raw"]);
  });

  test("have a package of modules under their own names, which is fit to read", () => {
    expect(packageOf(out)).toEqual(["__init__.py", "model.py", "py.typed"]);
    const model = readFileSync(join(out.path, "litevae_diffusion/model.py"), "utf8");
    expect(model.slice(model.indexOf("class DenoiserNetwork"))).toMatchInlineSnapshot(`
      "class DenoiserNetwork(nn.Module):
          """sample [N, 4, H/2, W/2], condition [N, 3, H, W], timestep [N, 6] -> noise [N, 4, H/2, W/2], embedding
          [N, 5].
          """

          def __init__(self) -> None:
              super().__init__()
              self.denoiser = Denoiser()

          def forward(self, sample: Tensor, condition: Tensor, timestep: Tensor) -> dict[str, Tensor]:
              results = self.denoiser(sample, condition, timestep)
              return {"noise": results["noise"], "embedding": results["embedding"]}


      class ScorerNetwork(nn.Module):
          """noise [N, 4, H/2, W/2] -> score [N, 2, H/8, W/8], raw [N, 2, H/8, W/8]."""

          def __init__(self) -> None:
              super().__init__()
              self.coarse = Coarse()
              self.head = nn.Conv2d(2, 2, 3, padding=1)

          def forward(self, noise: Tensor) -> dict[str, Tensor]:
              x = self.coarse(noise)
              raw = self.head(x)
              return {"score": F.silu(raw), "raw": raw}


      def build_denoiser() -> DenoiserNetwork:
          """The denoiser; its keys are those of model.safetensors."""
          return DenoiserNetwork()


      def build_scorer() -> ScorerNetwork:
          """The scorer; its keys are those of model.safetensors."""
          return ScorerNetwork()
      "
    `);
    runPython(["-m", "ruff", "check", "-q", join(out.path, "litevae_diffusion/model.py")]);
    const example = /```python\n([^]*?)```/.exec(readFileSync(join(out.path, "README.md"), "utf8"))?.[1] ?? "";
    const program = `${example}\nprint(sorted(denoiser.state_dict()))`;
    expect(execFileSync(warm(), ["-c", program], { cwd: out.path }).toString()).toContain("denoiser.conv.bias");
  });

  test("are measured where inference runs them", async () => {
    const measured: string[] = [];
    await benchmark({
      folder: out.path,
      batches: [2],
      size: 16,
      providers: ["cpu"],
      repeats: 1,
      seconds: 0,
      progress: (doing) => void measured.push(doing),
      measure: ({ inputs }) => Promise.resolve({ kind: "failed", loaded: true, why: JSON.stringify(inputs) }),
    });
    expect(measured).toEqual(["[1/1] denoiser, cpu, batch 2"]);
    expect(inferencePartsOf(diffusion).map(({ name }) => name)).toEqual(["denoiser"]);
  });

  test.each([
    [
      "run, since nothing encodes",
      () => Promise.resolve().then(() => openReconstruct({ folder: out.path, fit: "pad", pixels: {}, progress: silent })),
      "diffusion is no autoencoder: it has nothing that encodes and decodes an image",
    ],
    [
      "a recipe",
      () => written(diffusion, { of: "torch", options: { recipe: "smoke" } }),
      "diffusion cannot be trained by the recipe smoke: recipes train autoencoders",
    ],
    [
      "float16, for an input that is no image",
      () => written(diffusion, { of: "onnx", options: { precision: "fp16", calibrate: folder } }),
      "denoiser takes sample, which is no image and which no other part gives: there is nothing to calibrate it on",
    ],
  ] as const)("refuse %s", async (_, act, what) => {
    await writeCalibration();
    const error = await act().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).reports[0]?.what).toBe(what);
  });
});

test("float16 is calibrated on skips, and on the image where the decoder takes it", async () => {
  await writeCalibration();
  const { notes } = await written(skipping, { of: "onnx", options: { precision: "fp16", calibrate: folder } });
  expect(notes).toMatch(/decoder in fp16: worst error against fp32 [1-9]/);
});

test("a declaration that parts do not keep stops the compile", () => {
  const [first, second] = deterministic.parts as [Part, Part];
  const withParts = (...parts: readonly Part[]): Model => ({ ...deterministic, parts });
  const wrong: readonly (readonly [Model, string])[] = [
    [withParts(first, first), "two parts are called encoder"],
    [withParts(second, first), "decoder takes latent of encoder, which no earlier part gives"],
    [
      withParts(first, { ...second, sources: { z: { part: "encoder", output: "latent" } } }),
      "decoder has no input z that could take latent of encoder",
    ],
    [withParts(first, { ...second, inputNames: ["image"], sources: {} }), "decoder has two inputs or outputs called image"],
    [withParts({ ...first, name: "Encoder" }, second), 'Encoder: "Encoder" is no name in snake_case'],
    [withParts(first, { ...second, sources: {} }), "decoder decodes something else than an output of encoder"],
    [withParts(first), "the autoencoder has no part decoder"],
    [
      {
        ...deterministic,
        autoencoder: { encoder: "encoder", decoder: "decoder", posterior: { mean: "latent", logvar: "logvar" } },
      },
      "encoder gives no logvar of a posterior",
    ],
  ];
  for (const [model, message] of wrong) expect(() => verifyModel(model)).toThrow(message);
  expect(() => verifyModel(deterministic)).not.toThrow();
});
