/** What client.js does to images of any sides, and of latents, is what `run` does. */
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { readImage } from "../../src/onnxruntime/image.ts";
import { pixelSchema } from "../../src/recipe/pixels.ts";
import { createClient, crop, fromPixels, latentPixels, model, pad, psnr, toPixels } from "../../src/targets/client/template.mts";
import { tempFolder } from "../e2e/litevae.ts";

const folder = tempFolder();
const rgba = Uint8ClampedArray.from({ length: 4 * 13 * 9 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 256));
const image = fromPixels(rgba, 13, 9);

test("pad brings an image to the sides that run brings it to, and crop undoes it", async () => {
  const path = join(folder, "odd.png");
  await sharp(rgba, { raw: { width: 13, height: 9, channels: 4 } })
    .removeAlpha()
    .png()
    .toFile(path);
  const { data } = await readImage(path, 3, pixelSchema.parse({}), "pad", model.sizes);
  const padded = pad(image);
  expect([padded.batch, padded.channels, padded.height, padded.width]).toEqual([1, 3, 16, 16]);
  expect(padded.data).toEqual(data);
  expect(crop(padded, 9, 13)).toEqual(image);
  // Of a batch every image.
  const two = { ...image, batch: 2, data: Float32Array.from([...image.data, ...image.data.map((value) => -value)]) };
  expect(crop(pad(two), 9, 13)).toEqual(two);
  expect(() => crop(image, 10, 13)).toThrow("crop: 10×13 (height × width) is more than the image's 9×13");
});

test("reconstruct pads, decodes the mean and crops", async () => {
  const seen: Readonly<Record<string, readonly number[]>>[] = [];
  // Encodes to the image's first value everywhere, and decodes that.
  class Tensor {
    readonly data: Float32Array;
    readonly dims: readonly number[];
    constructor(_type: string, data: Float32Array, dims: readonly number[]) {
      [this.data, this.dims] = [data, dims];
    }
  }
  const create = (part: string | Uint8Array): Promise<object> =>
    Promise.resolve({
      run: (feeds: Readonly<Record<string, Tensor>>) => {
        seen.push(Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])));
        const filled = (channels: number, height: number, width: number): Tensor =>
          new Tensor("float32", new Float32Array(channels * height * width).fill(0.5), [1, channels, height, width]);
        return Promise.resolve(
          part === "encoder.onnx" ? { mean: filled(12, 2, 2), logvar: filled(12, 2, 2) } : { image: filled(3, 16, 16) },
        );
      },
      release: () => Promise.resolve(),
    });
  const runtime = { Tensor, InferenceSession: { create } } as unknown as Parameters<typeof createClient>[0];
  const client = await createClient(runtime, { encoder: "encoder.onnx", decoder: "decoder.onnx" });
  const { mean, image: back } = await client.reconstruct(image);
  expect(seen).toEqual([{ image: [1, 3, 16, 16] }, { latent: [1, 12, 2, 2] }]);
  expect(mean.data.length).toBe(48);
  expect(back).toEqual({ ...image, data: new Float32Array(3 * 13 * 9).fill(0.5) });
});

test("psnr clamps to the range of images, and averages over a batch", () => {
  const constant = (value: number): typeof image => ({ ...image, data: new Float32Array(3 * 13 * 9).fill(value) });
  expect(psnr(constant(1), constant(7))).toBe(Infinity);
  expect(psnr(constant(0), constant(0.2))).toBeCloseTo(20, 5);
  const pair = (a: number, b: number): typeof image => ({
    ...image,
    batch: 2,
    data: Float32Array.from([...constant(a).data, ...constant(b).data]),
  });
  expect(psnr(pair(0, 0), pair(0.2, 0.02))).toBeCloseTo(30, 4);
  expect(() => psnr(image, pair(0, 0))).toThrow(RangeError);
});

test("latentPixels scales each of three channels to its own range", () => {
  const data = Float32Array.from({ length: 12 * 4 }, (_, i) => (i < 4 ? i : i < 8 ? 5 : -i));
  const latent = { data, height: 2, width: 2 };
  // Channel 0 rises from black to white, channel 1 is the same everywhere, channel 2 falls.
  expect([...latentPixels(latent)]).toEqual([0, 128, 255, 255, 85, 128, 170, 255, 170, 128, 85, 255, 255, 128, 0, 255]);
  expect(toPixels({ ...image, data: image.data.map(() => 1) }).every((value) => value === 255)).toBe(true);
  expect(() => latentPixels(latent, 1)).toThrow("there is no latent 1");
});
