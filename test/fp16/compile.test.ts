/** `compile --precision fp16` from the command line: what overflows without calibration and does not with it, types, sizes, errors, messages. */
// @module-tag python
// @module-tag slow
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { floats, tensorOf } from "../../src/ir/tensor.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { initialWeights, namedTensors } from "../../src/weights/weights.ts";
import { litevae } from "../e2e/in-process.ts";
import { environment, hashes, litevae as started, photos, root, tempFolder, write } from "../e2e/litevae.ts";
import { runPython } from "../support/python.ts";
import hot from "./hot.ts";
import { wholeHalf } from "./whole-half.ts";
const folder = tempFolder();
const hotModel = fileURLToPath(new URL("hot.ts", import.meta.url));
const calibrated = ["--precision", "fp16", "--calibrate", "images"] as const;
beforeAll(async () => {
  mkdirSync(join(folder, "images"));
  for (const name of ["astronaut", "chelsea"]) {
    const image = sharp(join(photos, `${name}.png`)).resize(32, 32, { fit: "cover" });
    await image.png().toFile(join(folder, "images", `${name}.png`));
  }
  writeFileSync(join(folder, "images/README.txt"), "no image");
});

/** Compiles in `folder`, returns what goes to stderr. */
async function compile(model: string, out: string, ...flags: readonly string[]): Promise<string> {
  const { code, stderr } = await litevae(folder, "compile", model, "-o", out, ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr });
  return stderr;
}

function ask(question: string, ...args: readonly string[]): unknown {
  const script = join(root, "test/fp16/facts.py");
  return JSON.parse(runPython([script, question, ...args], { cwd: folder, env: environment }).toString());
}

interface PartFacts {
  readonly nodes: number;
  readonly float32_nodes: number;
  readonly worst_error: number;
}

function calibrationIn(out: string): { readonly images: number; readonly parts: Readonly<Record<string, PartFacts>> } {
  const manifest = JSON.parse(readFileSync(join(folder, out, "manifest.json"), "utf8")) as Record<string, unknown>;
  expect(manifest["precision"]).toBe("fp16");
  return manifest["calibration"] as ReturnType<typeof calibrationIn>;
}

type Errors = Readonly<Record<string, Readonly<Record<"reference" | "onnxruntime", number>>>>;

/** What the compiler says of its graphs' error agrees with float16 in another program, whose sums are in other orders: 2.6 times apart was seen. */
function expectErrorsAsSaid(half: string, full: string, most: number): void {
  const said = calibrationIn(half);
  expect(said.images).toBe(2);
  for (const [part, { reference, onnxruntime }] of Object.entries(ask("errors", half, full, "images") as Errors)) {
    const worst = said.parts[part]?.worst_error ?? NaN;
    expect(worst, part).toBeLessThan(most);
    expect(reference / worst, part).toBeGreaterThan(0.25);
    expect(reference / worst, part).toBeLessThan(4);
    expect(onnxruntime, part).toBeLessThan(most);
  }
}

describe("a convolution that leaves the range of float16", () => {
  const factors: Readonly<Record<string, number>> = { "encoder.down.weight": 8, "encoder.hot.weight": 1e5 };
  const load = initialWeights(hot.parts, 0);
  let stderr = "";

  beforeAll(async () => {
    const tensors = namedTensors(hot.parts, load).map((tensor) => ({
      ...tensor,
      load: () =>
        tensorOf(
          tensor.shape,
          floats(tensor.load()).map((value) => value * (factors[tensor.name] ?? 1)),
        ),
    }));
    write(folder, { "hot.safetensors": Buffer.concat([...encodeSafetensors(tensors)]) });
    stderr = await compile(hotModel, "hot-16", "--weights", "hot.safetensors", ...calibrated);
    await compile(hotModel, "hot-32", "--weights", "hot.safetensors");
  });

  test("overflows where everything is float16, in float16 arithmetic", () => {
    write(folder, { "naive.onnx": wholeHalf(hot, "encoder", join(folder, "hot.safetensors")) });
    expect(ask("finite", "naive.onnx", "images")).toBe(false);
  });
  test("stays in range where calibration keeps it float32, near to float32", () => {
    expect(ask("finite", "hot-16/encoder.onnx", "images")).toBe(true);
    expectErrorsAsSaid("hot-16", "hot-32", 2e-2);
  });
  test("stays in range on an image of another kind than those calibrated on", async () => {
    mkdirSync(join(folder, "others"));
    await sharp(join(photos, "hubble_deep_field.jpg"))
      .resize(64, 48, { fit: "cover" })
      .png()
      .toFile(join(folder, "others/hubble.png"));
    expect(ask("finite", "hot-16/encoder.onnx", "others")).toBe(true);
  });
  test("is named, with what it reaches", () => {
    const reached = /^ +encoder\/hot\/Conv reaches ([\d,]+), too large for fp16$/m.exec(stderr);
    expect(Number(reached?.[1]?.replaceAll(",", ""))).toBeGreaterThan(65504);
    expect(stderr).toContain("encoder in fp16: 41 of 47 nodes stay float32, 39 for what they compute");
    expect(stderr).toContain("decoder in fp16: 0 of 5 nodes stay float32");
  });
  test("has both kinds of convolutions in the graph", () => {
    expect(ask("graph", "hot-16/encoder.onnx")).toMatchObject({
      operators: { Conv: ["FLOAT", "FLOAT16"], GlobalAveragePool: ["FLOAT"], Sqrt: ["FLOAT"] },
    });
  });
});

/** A wavelet encoder of one level of resolution, whose graph has a quarter of nano's nodes, and a decoder of three. */
const small = (decoder: string): string => `import { KlDecoder, LiteVaeEncoder } from "litevae/blocks";
import { model } from "litevae/dsl";
const width = { channels: 32, multipliers: [1] };
export default model({
  latentChannels: 4,
  encoder: LiteVaeEncoder({ imageChannels: 3, moments: 8, extractor: width, aggregator: width, dropout: 0 }),
  decoder: KlDecoder({ latentChannels: 4, imageChannels: 3, multipliers: [1, 1, 1, 1], blocks: 1, attentionAt: [], ${decoder} }),
});
`;

describe.each([
  ["self-modulated", "smc", 'norm: "smc", base: 48, attention: false', 1e-2, []],
  ["with norms and attention", "norms", 'norm: "group", base: 64, attention: true', 2e-2, ["ReduceMean", "Sqrt", "Softmax"]],
])("a decoder %s", (_, name, decoder, most, precise) => {
  const model = `${name}.ts`;
  let stderr = "";
  beforeAll(async () => {
    write(folder, { [model]: small(decoder) });
    // All convolutions are the model's.
    stderr = await compile(model, `${model}-16`, ...calibrated, "--for=web");
    await compile(model, `${model}-32`, "--for=web");
  });

  test("passes onnx's checks, float32 outside and float16 inside", () => {
    for (const part of ["encoder", "decoder"]) {
      const facts = ask("graph", `${model}-16/${part}.onnx`) as {
        inputs: readonly string[];
        outputs: readonly string[];
        operators: Readonly<Record<string, readonly string[]>>;
        elements: Readonly<Record<string, number>>;
        precision: string;
      };
      expect(new Set([...facts.inputs, ...facts.outputs])).toEqual(new Set(["FLOAT"]));
      expect(facts.operators["Conv"]).toEqual(["FLOAT16"]);
      const statistics = part === "encoder" ? ["ReduceMean", "Sqrt"] : precise;
      for (const operator of statistics) expect(facts.operators[operator], operator).toEqual(["FLOAT"]);
      expect((facts.elements["FLOAT"] ?? 0) / (facts.elements["FLOAT16"] ?? 0)).toBeLessThan(0.01);
      expect(facts.precision).toBe("fp16");
    }
  });
  test("has files of half the size, weights in float32 beside them", () => {
    const bytes = (out: string, name: string): number => statSync(join(folder, out, name)).size;
    const files = ["encoder.onnx", "decoder.onnx"];
    const [half, full] = [`${model}-16`, `${model}-32`].map((out) => files.reduce((sum, name) => sum + bytes(out, name), 0));
    expect((half ?? NaN) / (full ?? NaN)).toBeLessThan(0.55);
    expect(bytes(`${model}-16`, "model.safetensors")).toBe(bytes(`${model}-32`, "model.safetensors"));
  });
  test("is as near to float32 as it says", () => {
    const { parts } = calibrationIn(`${model}-16`);
    for (const [part, { worst_error: worst }] of Object.entries(parts)) {
      expect(stderr).toContain(`${part} in fp16: worst error against fp32 ${worst.toExponential(2)}\n`);
    }
    expectErrorsAsSaid(`${model}-16`, `${model}-32`, most);
  });
});

describe("float16 files", () => {
  test("are the same bytes every time, and the decoder's are the same without the encoder", async () => {
    await compile(hotModel, "once", ...calibrated);
    // In a process of its own.
    expect(started(folder, "compile", hotModel, "-o", "twice", ...calibrated).code).toBe(0);
    expect(hashes(join(folder, "once"))).toEqual(hashes(join(folder, "twice")));
    await compile(hotModel, "alone", "--parts", "decoder", ...calibrated);
    expect(Object.keys(calibrationIn("alone").parts)).toEqual(["decoder"]);
    expect(existsSync(join(folder, "alone/encoder.onnx"))).toBe(false);
    expect(hashes(join(folder, "alone"))["decoder.onnx"]).toBe(hashes(join(folder, "once"))["decoder.onnx"]);
  });
  test("can have their weights beside them, in the newest operator set", async () => {
    await compile(hotModel, "external", "--external-data", "--opset", "21", ...calibrated);
    await compile(hotModel, "external-32", "--opset", "21");
    for (const part of ["encoder", "decoder"]) expect(ask("graph", `external/${part}.onnx`)).toMatchObject({ precision: "fp16" });
    expectErrorsAsSaid("external", "external-32", 1e-2);
  });
  test("run an image", async () => {
    await compile(hotModel, "run", ...calibrated);
    const { code, stdout } = await litevae(folder, "run", "run", "images/chelsea.png", "-o", "seen");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PSNR +[\d.]+ dB$/m);
  });
});

describe("messages", () => {
  /** Fails with this exit code, writes no folder and nothing to stdout; returns stderr. */
  async function failure(code: number, ...flags: readonly string[]): Promise<string> {
    const result = await litevae(folder, "compile", hotModel, "-o", "refused", ...flags);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
    expect(existsSync(join(folder, "refused"))).toBe(false);
    return `\n${result.stderr}`;
  }

  test("no images are named", async () => {
    expect(await failure(2, "--precision", "fp16")).toMatchInlineSnapshot(`
      "
      error: precision fp16 needs images
        expected: calibrate, a folder of a few images such as the model will see
        found:    no folder to calibrate on
        help:     which layers leave the range of fp16, and would give black images, shows only on images
      "
    `);
  });
  test("images without fp16", async () => {
    expect(await failure(2, "--calibrate", "images")).toMatchInlineSnapshot(`
      "
      error: images to calibrate on are of no use without precision fp16
        expected: precision fp16 and a folder to calibrate on, or neither
        found:    calibrate alone
        help:     add precision fp16, or leave calibrate out
      "
    `);
  });
  test("a precision that is not known", async () => {
    expect(await failure(2, "--precision", "fp8")).toMatchInlineSnapshot(`
      "
      error: --precision cannot be read
        expected: fp16, fp32
        found:    fp8
        help:     write for example --precision fp16
      "
    `);
  });
  test("a precision that is misspelt", async () => {
    expect(await failure(2, "--precision", "f16")).toMatchInlineSnapshot(`
      "
      error: --precision cannot be read
        expected: fp16, fp32
        found:    f16
        help:     did you mean fp16?
      "
    `);
  });
  test("fp16 of a torch package", async () => {
    expect(await failure(2, "--target", "torch", ...calibrated)).toMatchInlineSnapshot(`
      "
      error: --precision is an option of the onnx target
        expected: onnx among --target
        found:    --target torch
        help:     add --target onnx, or leave --precision out
      "
    `);
  });
  test("a folder that is not there", async () => {
    expect(await failure(1, "--precision", "fp16", "--calibrate", "nowhere")).toMatchInlineSnapshot(`
      "
      error: cannot read the folder nowhere
        expected: a folder of images
        found:    ENOENT: no such file or directory, scandir 'nowhere'
        help:     give --calibrate a folder that exists
      "
    `);
  });
  test("an empty folder", async () => {
    mkdirSync(join(folder, "empty"));
    expect(await failure(1, "--precision", "fp16", "--calibrate", "empty")).toMatchInlineSnapshot(`
      "
      error: empty holds no images to calibrate on
        expected: JPEG, PNG, WebP, BMP, GIF, TIFF or .npy files, not in folders of their own
        found:    an empty folder
        help:     put a few images there, such as the model will see
      "
    `);
  });
  test("a folder of text", async () => {
    write(folder, { "text/notes.txt": "no image" });
    expect(await failure(1, "--precision", "fp16", "--calibrate", "text")).toMatchInlineSnapshot(`
      "
      error: text holds no images to calibrate on
        expected: JPEG, PNG, WebP, BMP, GIF, TIFF or .npy files, not in folders of their own
        found:    notes.txt
        help:     put a few images there, such as the model will see
      "
    `);
  });
  test("an image that is none", async () => {
    write(folder, { "broken/one.png": "no image" });
    expect(await failure(1, "--precision", "fp16", "--calibrate", "broken")).toMatchInlineSnapshot(`
      "
      error: cannot read the image broken/one.png
        expected: an image of 3 channels in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file
        found:    none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
});
