/** `createClient(…, { tile })`: what tiles give is what the whole image gives, or is refused. */
// @module-tag slow
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { beforeAll, expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";

interface Planes {
  readonly data: Float32Array;
  readonly batch?: number;
  readonly height: number;
  readonly width: number;
}
interface Values {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
interface Client {
  encode(
    image: Planes,
    given?: object,
  ): Promise<Readonly<Record<"latent", Planes>> & { readonly skips: Readonly<Record<string, Values>> }>;
  decode(latent: Planes, given?: object): Promise<Planes>;
}
interface Module {
  createClient(runtime: unknown, graphs: object, options?: object, running?: object): Promise<Client>;
}

const folder = tempFolder();

/** Skips of half the size, a mask and a vector beside the image: all that a tile may be cut of, or gets whole. */
const beside = `import { add, block, concat, conv2d, layers, linear, model, silu, upsample, type Feature, type Vector } from "litevae/dsl";

const Encoder = block("Encoder", () => {
  const { halve, down, style } = layers({
    halve: conv2d({ in: 4, out: 6, kernel: 4, stride: 2, padding: 1 }),
    down: conv2d({ in: 6, out: 4, kernel: 2, stride: 2 }),
    style: linear({ in: 3, out: 6 }),
  });
  return (image: Feature<3, 1>, { mask, tone }: { mask: Feature<1, 1>; tone: Vector<3> }) => {
    const skip = silu(add(halve(concat(image, mask)), style(tone)));
    return { latent: down(skip), skip };
  };
});

const Decoder = block("Decoder", () => {
  const { widen, out } = layers({ widen: conv2d({ in: 4, out: 6 }), out: conv2d({ in: 7, out: 3 }) });
  return (z: Feature<4, 4>, { skip, mask }: { skip: Feature<6, 2>; mask: Feature<1, 1> }): Feature<3, 1> =>
    out(concat(upsample(add(upsample(silu(widen(z)), { factor: 2 }), skip), { factor: 2 }), mask));
});

const conditions = { mask: { channels: 1 }, tone: { features: 3 } };
export default model({ latentChannels: 4, posterior: "none", conditions, encoder: Encoder(), decoder: Decoder() });
`;

const graphs = (out: string): object =>
  Object.fromEntries(["encoder", "decoder"].map((part) => [part, join(folder, out, `${part}.onnx`)]));
const open = async (out: string): Promise<Module> => (await import(join(folder, out, "client.js"))) as Module;

async function compile(model: string, out: string, ...flags: readonly string[]): Promise<void> {
  const { code, stderr } = await litevae(folder, "compile", model, "-o", out, ...flags);
  expect(code, stderr).toBe(0);
}

function values(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1 + 0.37 * i));
}

function difference(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? 0))), 0) / scale;
}

beforeAll(async () => {
  write(folder, { "beside.ts": beside });
  await compile(join(root, "examples/deterministic.ts"), "plain");
  await compile("beside.ts", "beside");
  await compile("nano", "nano");
});

test("both halves give in tiles what they give of whole images, a batch of them", async () => {
  const { createClient } = await open("plain");
  const [whole, tiled] = [await createClient(ort, graphs("plain")), await createClient(ort, graphs("plain"), {}, { tile: 100 })];
  const image = { data: values(2 * 3 * 200 * 264), batch: 2, height: 200, width: 264 };
  const [{ latent }, cut] = [await whole.encode(image), await tiled.encode(image)];
  expect(difference(cut.latent.data, latent.data)).toBeLessThan(1e-5);
  expect(difference((await tiled.decode(latent)).data, (await whole.decode(latent)).data)).toBeLessThan(1e-5);
});

test("skips and conditions are cut along; a vector is every tile's", async () => {
  const { createClient } = await open("beside");
  const [whole, tiled] = [await createClient(ort, graphs("beside")), await createClient(ort, graphs("beside"), {}, { tile: 32 })];
  const image = { data: values(3 * 96 * 64), height: 96, width: 64 };
  const mask = { data: values(96 * 64), dims: [1, 1, 96, 64] };
  const tone = { data: values(3), dims: [1, 3] };
  const [one, other] = [await whole.encode(image, { mask, tone }), await tiled.encode(image, { mask, tone })];
  expect(difference(other.latent.data, one.latent.data)).toBeLessThan(1e-5);
  expect(difference(other.skips["skip"]!.data, one.skips["skip"]!.data)).toBeLessThan(1e-5);
  const images = [await whole.decode(one.latent, { ...one.skips, mask }), await tiled.decode(one.latent, { ...one.skips, mask })];
  expect(difference(images[1]!.data, images[0]!.data)).toBeLessThan(1e-5);
});

test("what would not be exact, would keep nothing or is no setting is refused by its name", async () => {
  const { createClient } = await open("nano");
  const told = (given: object, running: object): Promise<unknown> => createClient(ort, given, {}, running);
  const decoder = { decoder: join(folder, "nano/decoder.onnx") };
  await expect(told(graphs("nano"), { tile: 512 })).rejects.toThrow(
    /^createClient: tiles would give something else than the whole image, of which 112 groupNorm, from encoder\.\S+ to \S+ in the encoder of nano see all: leave tile out for it$/,
  );
  await expect(told(decoder, { tile: 128 })).rejects.toThrow(
    "createClient: tiles of 128 pixels are too small for the decoder: at least 296",
  );
  await expect(told(decoder, { tile: 512.5 })).rejects.toThrow("tile is a whole number of pixels, not 512.5");
  await expect(told(decoder, { tiles: 512 })).rejects.toThrow("createClient: tiles is none of tile");
});
