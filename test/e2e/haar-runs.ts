/** Runs of models that lose nothing, and the pixels that go in and come out. */
import { join } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import { litevae } from "./in-process.ts";
import { tempFolder, tinyModel, write } from "./litevae.ts";

export const folder = tempFolder();

/** Three levels of the Haar transform and back, for images in colour or grey. */
const haarModel = (
  channels: number,
): string => `import { block, concat, haarDwt, haarIdwt, model, type Feature } from "litevae/dsl";

export const Encoder = block("Encoder", () => (x: Feature<${channels}, 1>): Feature<${128 * channels}, 8> => {
  const { bands } = haarDwt(haarDwt(haarDwt(x).bands).bands);
  return concat(bands, bands);
});

export const Decoder = block("Decoder", () => (z: Feature<${64 * channels}, 8>): Feature<${channels}, 1> => {
  return haarIdwt(haarIdwt(haarIdwt(z))) as Feature<number, 1> as Feature<${channels}, 1>;
});

export default model({ imageChannels: ${channels}, latentChannels: ${64 * channels}, encoder: Encoder(), decoder: Decoder() });
`;

/** Writes and compiles the models, before all tests of a file. */
export async function compileModels(): Promise<void> {
  write(folder, { "haar.ts": haarModel(3), "grey.ts": haarModel(1), "five.ts": haarModel(5), "tiny.ts": tinyModel });
  for (const name of ["haar", "grey", "five", "tiny"]) {
    const { code, stderr } = await litevae(folder, "compile", `${name}.ts`, "-o", name);
    expect(code, stderr).toBe(0);
  }
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** A file's pixels as they are stored, without turning them upright. */
export async function pixelsOf(path: string): Promise<Pixels> {
  const { data, info } = await sharp(path, { autoOrient: false }).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** Pixels from a function of their place; channel by channel at each. */
export function pixels(
  width: number,
  height: number,
  channels: number,
  valueAt: (x: number, y: number, channel: number) => number,
): Pixels {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) data[(y * width + x) * channels + channel] = valueAt(x, y, channel);
    }
  }
  return { width, height, channels, data };
}

export const at = (image: Pixels, x: number, y: number, channel: number): number =>
  image.data[(y * image.width + x) * image.channels + channel] ?? NaN;

/** The largest difference between two images of the same size, in steps of 1/255. */
export function largestDifference(a: Pixels, b: Pixels): number {
  const sizeOf = ({ width, height, channels }: Pixels): unknown => ({ width, height, channels });
  expect(sizeOf(a)).toEqual(sizeOf(b));
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.data[i] ?? NaN))), 0);
}

/** Patterns in which neither axis nor channel can be taken for another. */
export const pattern = (x: number, y: number, channel: number): number => (x * 7 + y * 13 + channel * 71) % 256;

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly reconstruction: Pixels;
  readonly out: string;
}

let runs = 0;
export async function run(model: string, image: string, ...flags: readonly string[]): Promise<Run> {
  const out = `out-${runs++}`;
  const { code, stdout, stderr } = await litevae(folder, "run", model, image, "-o", out, ...flags);
  expect(code, stderr).toBe(0);
  return { stdout, stderr, reconstruction: await pixelsOf(join(folder, out, "reconstruction.png")), out: join(folder, out) };
}
