/** Large images in headless Chromium: tiles bound what a graph needs, to what it gives of the whole image in Node. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { beforeAll, expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { tempFolder, write } from "../e2e/litevae.ts";
import { executable } from "../report-html/browser.ts";
import { tiledModel } from "../support/tiled-model.ts";
import { inPage, pageOf } from "../support/webgpu.ts";

const folder = tempFolder();
const MiB = 2 ** 20;

/** The page: `decoded` there says how far an image lies from what Node gave, the largest WebGPU buffer and the size of WebAssembly's memory. */
const script = `
import * as ort from "/ort.webgpu.bundle.min.mjs";
import { createClient } from "/client.js";
let largest = 0, memory;
const createBuffer = globalThis.GPUDevice?.prototype.createBuffer;
if (createBuffer)
  GPUDevice.prototype.createBuffer = function (asked) {
    largest = Math.max(largest, asked.size);
    return createBuffer.call(this, asked);
  };
const most = Number(new URLSearchParams(location.search).get("memory"));
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(asked) {
    super(most === 0 ? asked : { ...asked, maximum: most / 65536 });
    memory = this;
  }
};
const floats = async (name) => new Float32Array(await (await fetch(name)).arrayBuffer());
globalThis.decoded = async (provider, side, tile) => {
  if (provider === "webgpu" && !(await navigator.gpu?.requestAdapter())) return null;
  largest = 0;
  const running = tile === null ? {} : { tile };
  const client = await createClient(ort, { decoder: "/decoder.onnx" }, { executionProviders: [provider] }, running);
  try {
    const latent = { data: await floats("/latent.bin"), height: side / 8, width: side / 8 };
    const { data } = await client.decode(latent);
    const expected = await floats("/expected.bin");
    let difference = data.length === expected.length ? 0 : Infinity;
    for (let i = 0; i < expected.length; i++) difference = Math.max(difference, Math.abs(data[i] - expected[i]));
    return { difference, largest, memory: memory.buffer.byteLength };
  } catch (error) {
    return { refused: String(error) };
  } finally {
    await client.release();
  }
};
`;

interface Decoded {
  readonly difference?: number;
  readonly largest?: number;
  readonly memory?: number;
  readonly refused?: string;
}

type Pair = readonly [inTiles: Decoded | null, whole: Decoded | null];

interface Page {
  decoded(provider: string, side: number, tile: number | null): Promise<Decoded | null>;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);

/** An image of that side as a page decodes it in tiles and whole, where WebAssembly has at most so much memory. */
async function decoded(provider: string, side: number, tile: number, memory: number): Promise<Pair> {
  const graph = readFileSync(join(folder, "out/decoder.onnx"));
  const positions = side / 8;
  const latent = Float32Array.from({ length: 4 * positions ** 2 }, (_, i) => (Math.imul(i, 2654435761) >>> 8) / 2 ** 23 - 1);
  const session = await ort.InferenceSession.create(graph);
  const { image } = await session.run({ latent: new ort.Tensor("float32", latent, [1, 4, positions, positions]) });
  await session.release();
  const files = {
    "client.js": readFileSync(join(folder, "out/client.js")),
    "decoder.onnx": graph,
    "latent.bin": bytesOf(latent),
    "expected.bin": bytesOf(image?.data as Float32Array),
  };
  return inPage(pageOf(script), files, `?memory=${memory}`, async (page) => {
    const one = (by: number | null): Promise<Decoded | null> =>
      page.evaluate(([where, whole, part]) => (globalThis as unknown as Page).decoded(where, whole, part), [
        provider,
        side,
        by,
      ] as const);
    return [await one(tile), await one(null)];
  });
}

beforeAll(async () => {
  write(folder, { "model.ts": tiledModel });
  const { code, stderr } = await litevae(folder, "compile", "model.ts", "-o", "out");
  expect(code, stderr).toBe(0);
}, 60_000);

test.skipIf(executable === undefined)(
  "2048² are decoded in tiles where WebAssembly has 128 MiB in all, which the whole image exceeds",
  { tags: "browser", timeout: 120_000 },
  async () => {
    const [tiled, whole] = await decoded("wasm", 2048, 512, 128 * MiB);
    expect(tiled?.difference, tiled?.refused).toBeLessThan(1e-4);
    expect(tiled?.memory).toBeLessThanOrEqual(128 * MiB);
    expect(whole?.refused).toMatch(/memory|alloc/);
  },
);

test.skipIf(executable === undefined)(
  "on WebGPU no buffer is larger than a tile's widest value",
  { tags: "browser", timeout: 120_000 },
  async (context) => {
    const [tiled, whole] = await decoded("webgpu", 128, 64, 0);
    if (tiled === null || whole === null) return context.skip("Chromium has no WebGPU here");
    expect(tiled.difference, tiled.refused).toBeLessThan(1e-4);
    expect(whole.difference, whole.refused).toBeLessThan(1e-4);
    expect(whole.largest).toBeGreaterThanOrEqual(12 * 128 ** 2 * 4);
    // onnxruntime-web rounds sizes up.
    expect(tiled.largest).toBeLessThan(2 * 12 * 64 ** 2 * 4);
  },
);
