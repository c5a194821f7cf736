/** What client.js makes of pixels and samples, and of latents for a diffusion model. */
// @module-tag slow
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { toSigned } from "../../src/images/signed.ts";
import { litevae } from "../e2e/in-process.ts";
import { tempFolder, tinyModel, write } from "../e2e/litevae.ts";

type Module = typeof import("../../src/targets/client/template.mts");

const folder = tempFolder();
const open = async (out: string): Promise<Module> => (await import(join(folder, out, "client.js"))) as Module;

beforeAll(async () => {
  const grey = tinyModel.replaceAll("Feature<3, 1>", "Feature<1, 1>").replace("in: 3,", "in: 1,").replace("out: 3 ", "out: 1 ");
  write(folder, { "grey.ts": grey.replace("model({", "model({ imageChannels: 1,") });
  for (const [model, out] of [
    ["grey.ts", "grey"],
    ["nano", "nano"],
  ] as const) {
    const { code, stderr } = await litevae(folder, "compile", model, "-o", out, "--parts", "encoder");
    expect(code, stderr).toBe(0);
  }
});

describe("pixels", () => {
  test("come back as they were", async () => {
    const { fromPixels, toPixels } = await open("nano");
    const rgba = Uint8ClampedArray.from({ length: 4 * 256 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 256));
    const made = fromPixels(rgba, 32, 8);
    expect(made).toMatchObject({ batch: 1, channels: 3, height: 8, width: 32 });
    expect(made.data[256]).toBeCloseTo((rgba[1] as number) / 127.5 - 1, 6);
    expect(toPixels(made)).toEqual(rgba);
  });
  test("become grey for one channel: Pillow's", async () => {
    const { fromPixels } = await open("grey");
    // [red, green, blue, alpha, what Pillow's convert("L") gives]; below a transparent pixel lies white.
    const known = [
      [255, 0, 0, 255, 76],
      [0, 255, 0, 255, 150],
      [0, 0, 255, 255, 29],
      [255, 255, 0, 255, 226],
      [123, 45, 67, 255, 71],
      [7, 7, 7, 255, 7],
      [7, 7, 7, 0, 255],
    ];
    const { data, channels } = fromPixels(Uint8Array.from(known.flatMap((pixel) => pixel.slice(0, 4))), known.length, 1);
    expect(channels).toBe(1);
    expect([...data]).toEqual(known.map((pixel) => Math.fround((pixel[4] ?? NaN) / 127.5 - 1)));
  });
  test("are on white where transparent, clamped where values leave the range, and of the image asked for", async () => {
    const { fromPixels, toPixels } = await open("nano");
    expect([...fromPixels(new Uint8Array([0, 0, 0, 0]), 1, 1).data]).toEqual([1, 1, 1]);
    expect([...toPixels({ data: Float32Array.of(0, 0, 0, -3, 1, 2), batch: 2, height: 1, width: 1 }, 1)]).toEqual([
      0, 255, 255, 255,
    ]);
    expect(() => fromPixels(new Uint8Array(4), 2, 2)).toThrow("2×2 pixels are 16 bytes of RGBA, not 4");
    expect(() => fromPixels(new Uint8Array(256), -8, -8)).toThrow("there are no images of -8×-8");
    expect(() => fromPixels(new Uint8Array(12), 1.5, 2)).toThrow("there are no images of 2×1.5");
  });
  test("are those of an image that is there", async () => {
    const { toPixels } = await open("nano");
    const two = { data: new Float32Array(6), batch: 2, height: 1, width: 1 };
    expect(() => toPixels(two, 2)).toThrow("toPixels: there is no image 2, counted from 0, among 2");
    expect(() => toPixels(two, -1)).toThrow("toPixels: there is no image -1");
    expect(() => toPixels({ ...two, batch: 1 })).toThrow("toPixels: [1, 3, 1, 1] is 3 values of whole samples, data has 6");
  });
  test("and latents that are normalised are counted", async () => {
    const { normalize, denormalize } = await open("nano");
    const latent = { data: new Float32Array(13), height: 1, width: 1 };
    expect(() => normalize(latent)).toThrow("normalize: [1, 12, 1, 1] is 12 values of whole samples, data has 13");
    expect(() => denormalize({ ...latent, height: 0 })).toThrow("denormalize: [1, 12, 0, 1] is 0 values");
  });
});

describe("samples", () => {
  const types = {
    uint8: Uint8Array,
    int8: Int8Array,
    uint16: Uint16Array,
    int16: Int16Array,
    uint32: Uint32Array,
    float32: Float32Array,
    float64: Float64Array,
  };
  const none = { range: null, nodata: null, fill: null };

  test.each(Object.keys(types) as readonly (keyof typeof types)[])("of %s are what run makes of them", async (type) => {
    const { fromSamples } = await open("nano");
    const floats = type.startsWith("float");
    const planes = [0, 1, 2].map((channel) =>
      types[type].from(Array.from({ length: 8 }, (_, i) => (floats ? (i + channel) / 10 : (i * 16 + channel) % 127))),
    );
    const joined = types[type].from(planes.flatMap((plane) => [...plane]));
    const interleaved = types[type].from(Array.from({ length: 24 }, (_, i) => planes[i % 3]?.[Math.trunc(i / 3)] ?? NaN));
    const range = type === "uint32" ? ([0, 1000] as const) : undefined;
    const expected = toSigned(planes, type, { ...none, range: range === undefined ? null : [...range] });
    const declared = range === undefined ? {} : { range };
    const made = fromSamples(joined, 4, 2, declared);
    expect(made).toEqual({
      batch: 1,
      channels: 3,
      height: 2,
      width: 4,
      data: Float32Array.from(expected.flatMap((plane) => [...plane])),
    });
    expect(fromSamples(interleaved, 4, 2, declared, "pixels")).toEqual(made);
  });
  test("that are missing are filled by declaration, or refused", async () => {
    const { fromSamples } = await open("grey");
    const holes = Float32Array.of(0, 0.5, NaN, -3.4e38);
    expect([...fromSamples(holes, 4, 1, { nodata: -3.4e38, fill: 1 }).data]).toEqual([-1, 0, 1, 1]);
    expect(() => fromSamples(holes, 4, 1)).toThrow("sample 2 is missing: declare fill");
    expect(() => fromSamples(holes, 4, 1, { fill: 0 })).toThrow("outside of [0, 1]: declare range");
    expect(() => fromSamples(Int32Array.of(1), 1, 1)).toThrow("the range of integers of 32 bits is unknown");
    expect(() => fromSamples(holes, 3, 1)).toThrow("1 channels of 1×3 are 3 samples, not 4");
    expect(() => fromSamples(holes, -4, -1)).toThrow("there are no images of -1×-4");
  });
  test.each([
    [0, Infinity],
    [-Infinity, 1],
    [NaN, 1],
    [1, 0],
    [1, 1],
    [-1.5e308, 1.5e308],
  ])("of a range [%f, %f] are refused", async (low, high) => {
    const { fromSamples } = await open("grey");
    expect(() => fromSamples(Float32Array.of(1), 1, 1, { range: [low, high] })).toThrow(
      `range [${low}, ${high}] is not two finite numbers, the lower first`,
    );
  });
  test("with a declaration that has no such name are refused, and what pixels says is taken", async () => {
    const { fromSamples, pixels } = await open("grey");
    expect(() => fromSamples(Float32Array.of(1), 1, 1, { rnage: [0, 1] } as object)).toThrow(
      "fromSamples: rnage is none of range, nodata, fill",
    );
    expect([...fromSamples(Float32Array.of(1), 1, 1, pixels).data]).toEqual([1]);
  });
  test("in an order that has no such name are refused", async () => {
    const { fromSamples } = await open("grey");
    expect(() => fromSamples(Float32Array.of(1), 1, 1, {}, "pixel" as "pixels")).toThrow('is "planes" or "pixels", not "pixel"');
  });
});
