/** client.js in compiled folders: its types in an editor, and what it gives over both runtimes. */
// @module-tag slow
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as node from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { Project, ts } from "ts-morph";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

type Module = typeof import("../../src/targets/client/template.mts");

const folder = tempFolder();

async function compile(model: string, out: string, ...flags: readonly string[]): Promise<string> {
  const { code, stderr } = await litevae(folder, "compile", model, "-o", out, ...flags);
  expect(code, stderr).toBe(0);
  return join(folder, out);
}

const open = async (out: string): Promise<Module> => (await import(join(folder, out, "client.js"))) as Module;
const graphs = { encoder: join(folder, "nano/encoder.onnx"), decoder: join(folder, "nano/decoder.onnx") };

/** Values in [-1, 1] that no channel or row repeats. */
function values(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1 + 0.37 * i));
}

const image = { data: values(2 * 3 * 16 * 24), batch: 2, height: 16, width: 24 };

/** A model of nano's name, channels and stride, whose graphs open in no time: what a client does follows from these facts. */
const likeNano = `import { block, conv2d, groupNorm, layers, model, silu, smcConv2d, upsample, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", () => {
  const { down, norm, out } = layers({
    down: conv2d({ in: 3, out: 8, kernel: 8, stride: 8, padding: 0 }),
    norm: groupNorm({ channels: 8 }),
    out: conv2d({ in: 8, out: 24 }),
  });
  return (x: Feature<3, 1>): Feature<24, 8> => out(silu(norm(down(x))));
});

const Decoder = block("Decoder", () => {
  const { conv, out } = layers({ conv: smcConv2d({ in: 12, out: 8 }), out: conv2d({ in: 8, out: 3 }) });
  return (z: Feature<12, 8>): Feature<3, 1> => out(upsample(silu(conv(z)), { factor: 8 }));
});

export default model({ name: "nano", latentChannels: 12, encoder: Encoder(), decoder: Decoder() });
`;

beforeAll(async () => {
  write(folder, { "tiny.ts": tinyModel, "nano.ts": likeNano });
  await compile("nano.ts", "nano", "--target", "onnx,torch");
  await compile("tiny.ts", "half", "--parts", "encoder");
  await compile("tiny.ts", "tiny");
});

describe("the file", () => {
  test("is JavaScript that plain Node imports, and encodes and decodes over both runtimes there", () => {
    const script = `import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createClient, fromPixels, toPixels } from "./client.js";
const [runtime] = process.argv.slice(2);
const ort = createRequire(${JSON.stringify(join(root, "package.json"))})(runtime);
if (ort.env.wasm) ort.env.wasm.numThreads = 1;
const client = await createClient(ort, { encoder: readFileSync("encoder.onnx"), decoder: readFileSync("decoder.onnx") });
const { mean } = await client.encode(fromPixels(new Uint8ClampedArray(4 * 16 * 24).fill(200), 24, 16));
const pixels = toPixels(await client.decode(mean));
console.log(JSON.stringify([mean.channels, mean.height, mean.width, pixels.length, mean.data.every(Number.isFinite)]));
process.exit();`;
    write(folder, { "nano/use.mjs": script });
    for (const runtime of ["onnxruntime-node", "onnxruntime-web"]) {
      const options = { cwd: join(folder, "nano"), encoding: "utf8", env: { PATH: process.env["PATH"] } } as const;
      const { stdout, stderr } = spawnSync(process.execPath, ["use.mjs", runtime], options);
      expect(stdout, stderr).toBe("[12,2,3,1536,true]\n");
    }
  });
  test("and its types are what TypeScript makes of the template, with the model's facts", () => {
    const files = ["targets/client/template.mts", "ir/tiles.mts", "ir/planes.mts"];
    const sources = files.map((path) => readFileSync(join(root, "src", path), "utf8"));
    const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, declaration: true };
    const emitted = {
      script: sources.map((each) => ts.transpileModule(each, { compilerOptions }).outputText).join(""),
      types: ts.transpileDeclaration(sources[0]!, { compilerOptions }).outputText,
    };
    // nano is the template's own model: its facts are the same but for how far it looks, and the layout of one entry a line. What it imports is within.
    const flat = (text: string): string =>
      text
        .replace(/^import .*\n|^export (?=(?:async )?function )/gm, "")
        .replace(/\s+/g, " ")
        .replace(/[;,] }/g, " }")
        .replaceAll("; readonly", ", readonly")
        .replace(/reach: \{.*?\}(?=, (?:readonly )?takes: )/, "");
    const read = (name: string): string => flat(readFileSync(join(folder, "nano", name), "utf8"));
    expect(read("client.js")).toBe(flat(emitted.script));
    expect(read("client.d.ts")).toBe(flat(emitted.types));
  });
  test("names the parts whose graphs are beside it", async () => {
    const around = (margin: number): object => ({ before: margin, after: margin });
    expect((await open("half")).model).toEqual({
      name: "tiny",
      imageChannels: 3,
      latentChannels: 4,
      stride: 4,
      sizes: { height: { minimum: 4, step: 4 }, width: { minimum: 4, step: 4 } },
      fixed: null,
      parts: ["encoder"],
      encoded: ["mean", "logvar"],
      reach: { encoder: { height: around(4), width: around(4), sees_all: ["groupNorm in encoder.norm"] } },
      takes: { encoder: [], decoder: [] },
      skips: [],
    });
  });
  test("is not written without graphs", async () => {
    expect(existsSync(join(await compile("tiny.ts", "torch", "--target", "torch"), "client.js"))).toBe(false);
  });
});

describe("its types", () => {
  const usage = (runtime: string, code: string, out = "nano"): readonly string[] => {
    const project = new Project({ tsConfigFilePath: join(root, "tsconfig.json"), skipAddingFilesFromTsConfig: true });
    const at = (name: string): string => join(root, "test/client/made", name);
    project.createSourceFile(at("client.d.ts"), readFileSync(join(folder, out, "client.d.ts"), "utf8"));
    const preamble = `import * as ort from "${runtime}"; import { createClient, fromPixels, model, toPixels, type Image } from "./client.js";
export { createClient, fromPixels, model, ort, toPixels, type Image };
const client = await createClient(ort, { encoder: "encoder.onnx" }); declare const image: Image;
`;
    project.createSourceFile(at("usage.ts"), preamble + code);
    const found = project
      .getSourceFiles()
      .flatMap((file) => (file.getFilePath().startsWith(at("")) ? file.getPreEmitDiagnostics() : []));
    return found.map((error) => ts.flattenDiagnosticMessageText(error.compilerObject.messageText, "\n").split("\n")[0] ?? "");
  };
  const right = `const { mean } = await client.encode(image);
const channels: 12 = mean.channels;
const decoded = await client.decode(mean);
new Uint8Array(toPixels(await client.decode({ data: new Float32Array(12), height: 1, width: 1 })));
const { width }: { width: number } = fromPixels(new Uint8ClampedArray(4), 1, 1);
export { channels, decoded, width };`;

  test.each(["onnxruntime-node", "onnxruntime-web"])("fit %s under strict settings", (runtime) => {
    expect(usage(runtime, right)).toEqual([]);
  });
  test("keep images and latents apart", () => {
    expect(usage("onnxruntime-node", "const { mean } = await client.encode(image); await client.encode(mean);")).toEqual([
      "Argument of type 'Required<Latent>' is not assignable to parameter of type 'Image'.",
    ]);
  });
  test("take the graphs that are there alone", () => {
    expect(usage("onnxruntime-node", `await createClient(ort, { decoder: "decoder.onnx" }); export { client };`, "half")).toEqual(
      [
        "Object literal may only specify known properties, but 'decoder' does not exist in type 'Readonly<Partial<Record<\"encoder\", Source>>>'. Did you mean to write 'encoder'?",
      ],
    );
  });
});

describe("encode and decode", () => {
  test("give what the graphs give", async () => {
    const { createClient } = await open("nano");
    const client = await createClient(node, graphs);
    const { mean, logvar } = await client.encode(image);
    const decoded = await client.decode(mean);
    const run = async (path: string, name: string, data: Float32Array, dims: readonly number[]) => {
      const session = await node.InferenceSession.create(path);
      return session.run({ [name]: new node.Tensor("float32", data, dims) });
    };
    const moments = await run(graphs.encoder, "image", image.data, [2, 3, 16, 24]);
    const images = await run(graphs.decoder, "latent", mean.data, [2, 12, 2, 3]);
    const latent = { batch: 2, channels: 12, height: 2, width: 3 };
    expect(mean).toEqual({ ...latent, data: moments["mean"]?.data });
    expect(logvar).toEqual({ ...latent, data: moments["logvar"]?.data });
    expect(decoded).toEqual({ batch: 2, channels: 3, height: 16, width: 24, data: images["image"]?.data });
    await client.release();
  });
  test("give the same over onnxruntime-web", async () => {
    web.env.wasm.numThreads = 1;
    const { createClient } = await open("nano");
    const bytes = { encoder: readFileSync(graphs.encoder), decoder: readFileSync(graphs.decoder) };
    const [inNode, inWeb] = [await createClient(node, graphs), await createClient(web, bytes, { executionProviders: ["wasm"] })];
    const { mean } = await inNode.encode(image);
    expect(largestDifference((await inWeb.encode(image)).mean.data, mean.data)).toBeLessThan(1e-5);
    expect(largestDifference((await inWeb.decode(mean)).data, (await inNode.decode(mean)).data)).toBeLessThan(1e-5);
    await Promise.all([inNode.release(), inWeb.release()]);
  });
  test("refuse sizes that do not fit, and name those that do", async () => {
    const { createClient } = await open("nano");
    const client = await createClient(node, graphs);
    const planes = (height: number, width: number) => ({ data: new Float32Array(3 * height * width), height, width });
    await expect(client.encode(planes(100, 64))).rejects.toThrow("encode: height 100 does not fit nano: 96 or 104 does");
    await expect(client.encode(planes(64, 5))).rejects.toThrow("encode: width 5 does not fit nano: 8 does");
    await expect(client.decode({ data: new Float32Array(18), height: 1, width: 1.5 })).rejects.toThrow(
      "decode: width 1.5 does not fit nano: 1 or 2 does",
    );
    await expect(client.encode({ ...planes(8, 8), batch: 2 })).rejects.toThrow(
      "encode: [2, 3, 8, 8] is 384 values of whole samples, data has 192",
    );
    await client.release();
  });
  test("refuse graphs of another model: of other channels, or of another stride", async () => {
    const { createClient } = await open("nano");
    const tiny = (part: string): Uint8Array => readFileSync(join(folder, `tiny/${part}.onnx`));
    for (const runtime of [node, web]) {
      await expect(createClient(runtime, { encoder: tiny("encoder") })).rejects.toThrow(
        "encoder: this is not a graph of nano, whose mean has 12 channels: it gives mean [N, 4, H/4, W/4]",
      );
      await expect(createClient(runtime, { decoder: tiny("decoder") })).rejects.toThrow(
        "decoder: this is not a graph of nano, whose latent has 12 channels: it takes latent [N, 4, h, w]",
      );
    }
    await expect(createClient(node, { ...graphs, decoder: graphs.encoder })).rejects.toThrow(
      "decoder: this is not a graph of nano, whose latent has 12 channels: it has no latent",
    );
    await expect(createClient(node, { ...graphs, decodr: graphs.decoder } as object)).rejects.toThrow(
      "createClient: decodr is none of encoder, decoder",
    );
    // As a graph of twice the stride would give for the larger image.
    const moments = new node.Tensor("float32", new Float32Array(48), [1, 12, 2, 2]);
    const session = { run: () => Promise.resolve({ mean: moments, logvar: moments }), release: () => Promise.resolve() };
    const runtime = { Tensor: node.Tensor, InferenceSession: { create: () => Promise.resolve(session) } };
    const coarse = await createClient(runtime, { encoder: "" });
    expect((await coarse.encode({ data: new Float32Array(3 * 256), height: 16, width: 16 })).mean.data).toHaveLength(48);
    await expect(coarse.encode({ data: new Float32Array(3 * 1024), height: 32, width: 32 })).rejects.toThrow(
      "this is not a graph of nano",
    );
  });
  test("refuse latents of another model by their channels", async () => {
    const client = await (await open("nano")).createClient(node, graphs);
    const latent = { data: new Float32Array(12), height: 1, width: 1, channels: 4 } as object;
    await expect(client.decode(latent as Parameters<typeof client.decode>[0])).rejects.toThrow(
      "decode: 4 channels, where nano has 12",
    );
    await client.release();
  });
  test("say what is no image or latent, and where the latent is in what encode gave", async () => {
    const { createClient, normalize, toPixels } = await open("nano");
    const client = await createClient(node, graphs);
    const small = { data: new Float32Array(192), height: 8, width: 8 };
    const wrong = (run: (given: never) => unknown, given: unknown) => Promise.resolve().then(() => run(given as never));
    const encoded = await client.encode(small);
    const whole =
      "a latent is { data, height, width } with a Float32Array, not { mean: Object, logvar: Object }: give it mean alone";
    await expect(wrong(client.decode.bind(client), encoded)).rejects.toThrow(`decode: ${whole}`);
    await expect(wrong(normalize, encoded)).rejects.toThrow(`normalize: ${whole}`);
    await expect(wrong(toPixels, encoded)).rejects.toThrow("toPixels: an image is { data, height, width }");
    const values = { data: small.data, dims: [1, 3, 8, 8] };
    for (const [given, found] of [
      [values, "{ data: Float32Array, dims: Array }"],
      [{ ...small, data: new Float64Array(192) }, "{ data: Float64Array, height: number, width: number }"],
      [{ ...small, height: "8" }, "{ data: Float32Array, height: string, width: number }"],
      [undefined, "undefined"],
    ] as const)
      await expect(wrong(client.encode.bind(client), given)).rejects.toThrow(new RegExp(`with a Float32Array, not ${found}$`));
    await client.release();
  });
  test("say which graph is missing", async () => {
    const client = await (await open("nano")).createClient(node, { encoder: graphs.encoder });
    const latent = { data: new Float32Array(12), height: 1, width: 1 };
    await expect(client.decode(latent)).rejects.toThrow(
      "createClient was given no decoder: name decoder.onnx in its second argument",
    );
    const half = await (await open("half")).createClient(node, { encoder: join(folder, "half/encoder.onnx") });
    await expect(half.decode(latent)).rejects.toThrow(
      "tiny was compiled without its decoder: name it in --parts of litevae compile",
    );
    await Promise.all([client.release(), half.release()]);
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}
