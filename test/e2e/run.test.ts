/** `run` on images of every kind. The model loses nothing, so what comes out must be, pixel by pixel, the image that went in. */
// @module-tag python
// @module-tag slow
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { npyBytes } from "../../src/images/npy.ts";
import { facts, litevae, photos, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

/** Three levels of the Haar transform and back, for images in colour or grey. */
const haarModel = (
  channels: number,
): string => `import { block, concat, haarDwt, haarIdwt, model, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", () => (x: Feature<${channels}, 1>): Feature<${128 * channels}, 8> => {
  const { bands } = haarDwt(haarDwt(haarDwt(x).bands).bands);
  return concat(bands, bands);
});

const Decoder = block("Decoder", () => (z: Feature<${64 * channels}, 8>): Feature<${channels}, 1> => {
  return haarIdwt(haarIdwt(haarIdwt(z))) as Feature<number, 1> as Feature<${channels}, 1>;
});

export default model({ imageChannels: ${channels}, latentChannels: ${64 * channels}, encoder: Encoder(), decoder: Decoder() });
`;

beforeAll(() => {
  write(folder, { "haar.ts": haarModel(3), "grey.ts": haarModel(1), "five.ts": haarModel(5), "tiny.ts": tinyModel });
  for (const name of ["haar", "grey", "five", "tiny"]) {
    const { code, stderr } = litevae(folder, "compile", `${name}.ts`, "-o", name);
    expect(code, stderr).toBe(0);
  }
});

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** A file's pixels as they are stored, without turning them upright. */
async function pixelsOf(path: string): Promise<Pixels> {
  const { data, info } = await sharp(path, { autoOrient: false }).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** Pixels from a function of their place; channel by channel at each. */
function pixels(
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

const at = (image: Pixels, x: number, y: number, channel: number): number =>
  image.data[(y * image.width + x) * image.channels + channel] ?? NaN;

/** The largest difference between two images of the same size, in steps of 1/255. */
function largestDifference(a: Pixels, b: Pixels): number {
  const sizeOf = ({ width, height, channels }: Pixels): unknown => ({ width, height, channels });
  expect(sizeOf(a)).toEqual(sizeOf(b));
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.data[i] ?? NaN))), 0);
}

/** Patterns in which neither axis nor channel can be taken for another. */
const pattern = (x: number, y: number, channel: number): number => (x * 7 + y * 13 + channel * 71) % 256;

interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly reconstruction: Pixels;
  readonly out: string;
}

let runs = 0;
async function run(model: string, image: string, ...flags: readonly string[]): Promise<Run> {
  const out = `out-${runs++}`;
  const { code, stdout, stderr } = litevae(folder, "run", model, image, "-o", out, ...flags);
  expect(code, stderr).toBe(0);
  return { stdout, stderr, reconstruction: await pixelsOf(join(folder, out, "reconstruction.png")), out: join(folder, out) };
}

describe("photographs", () => {
  test.each(["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg"])(
    "%s comes out as it went in",
    async (name) => {
      const { reconstruction } = await run("haar", join(photos, name));
      expect(largestDifference(reconstruction, await pixelsOf(join(photos, name)))).toBe(0);
    },
  );

  test("what is printed, and where", async () => {
    const { stdout, stderr } = await run("haar", join(photos, "chelsea.png"));
    const [image, latent, psnr, time, ...files] = stdout.trimEnd().split("\n");
    expect(image).toBe("image            300×451, padded to 304×456");
    expect(latent).toMatch(
      /^latent {11}\[1, 192, 38, 57\], mean -?\d+\.\d{3}, std \d+\.\d{3}, range -?\d+\.\d{3} … -?\d+\.\d{3}$/,
    );
    expect(psnr).toMatch(/^PSNR {13}(?:1\d\d\.\d\d dB|∞ \(identical\))$/);
    expect(time).toMatch(/^time {13}encode \d+\.\d\d s, decode \d+\.\d\d s$/);
    const out = `out-${runs - 1}`;
    expect(files).toEqual([
      `written          ${out}/reconstruction.png`,
      `                 ${out}/latent.png`,
      `                 ${out}/latent.safetensors`,
    ]);
    // The model has no parameters that could be untrained.
    expect(stderr).toBe("encoding\ndecoding\n");
  });

  test("cropped to a size that fits, from the middle", async () => {
    const { reconstruction, stdout } = await run("haar", join(photos, "chelsea.png"), "--fit", "crop");
    expect(stdout).toMatch(/^image {12}300×451, cropped to 296×448\n/);
    const image = await pixelsOf(join(photos, "chelsea.png"));
    const middle = pixels(448, 296, 3, (x, y, channel) => at(image, x + 1, y + 2, channel));
    expect(largestDifference(reconstruction, middle)).toBe(0);
  });
});

describe("images of other kinds", () => {
  /** Writes an image and runs it. */
  async function roundTrip(name: string, image: Sharp, model = "haar"): Promise<Run> {
    await image.toFile(join(folder, name));
    return run(model, name);
  }
  const raw = ({ width, height, channels, data }: Pixels): Sharp =>
    sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 } });

  test("a JPEG that its camera held upright comes out upright", async () => {
    const turned = await roundTrip(
      "turned.jpg",
      raw(pixels(40, 24, 3, pattern))
        .jpeg({ quality: 100 })
        .withMetadata({ orientation: 6 }),
    );
    expect(turned.stdout).toMatch(/^image {12}40×24\n/);
    const stored = await pixelsOf(join(folder, "turned.jpg"));
    expect(stored).toMatchObject({ width: 40, height: 24 });
    // Orientation 6 is shown after a quarter turn clockwise.
    const upright = pixels(24, 40, 3, (x, y, channel) => at(stored, y, stored.height - 1 - x, channel));
    expect(largestDifference(turned.reconstruction, upright)).toBe(0);
  });

  test("transparency lies on white", async () => {
    const image = pixels(16, 16, 4, (x, y, channel) => (channel === 3 ? x * 17 : pattern(x, y, channel)));
    const { reconstruction } = await roundTrip("transparent.png", raw(image).png());
    const onWhite = pixels(16, 16, 3, (x, y, channel) => {
      const alpha = at(image, x, y, 3) / 255;
      return Math.round(alpha * at(image, x, y, channel) + (1 - alpha) * 255);
    });
    expect(largestDifference(reconstruction, onWhite)).toBeLessThanOrEqual(1);
  });

  test("sixteen bits per channel become eight", async () => {
    const deep = Uint16Array.from({ length: 16 * 24 * 3 }, (_, i) => (i * 57) % 65536);
    const image = sharp(deep, { raw: { width: 24, height: 16, channels: 3 } }).toColourspace("rgb16");
    const { reconstruction } = await roundTrip("deep.png", image.png());
    expect((await sharp(join(folder, "deep.png")).metadata()).depth).toBe("ushort");
    const shallow = pixels(24, 16, 3, (x, y, channel) => (deep[(y * 24 + x) * 3 + channel] ?? NaN) / 257);
    expect(largestDifference(reconstruction, shallow)).toBeLessThanOrEqual(1);
  });

  test("sixteen bits of grey become three channels of eight", async () => {
    const deep = Uint16Array.from({ length: 16 * 16 }, (_, i) => i * 257);
    const image = sharp(deep, { raw: { width: 16, height: 16, channels: 1 } }).toColourspace("grey16");
    const { reconstruction } = await roundTrip("deep-grey.png", image.png());
    expect(await sharp(join(folder, "deep-grey.png")).metadata()).toMatchObject({ depth: "ushort", channels: 1 });
    expect(
      largestDifference(
        reconstruction,
        pixels(16, 16, 3, (x, y) => y * 16 + x),
      ),
    ).toBeLessThanOrEqual(1);
  });

  test("grey becomes three equal channels", async () => {
    const image = pixels(24, 16, 1, pattern);
    const { reconstruction } = await roundTrip("grey.png", raw(image).toColourspace("b-w").png());
    expect((await sharp(join(folder, "grey.png")).metadata()).channels).toBe(1);
    expect(
      largestDifference(
        reconstruction,
        pixels(24, 16, 3, (x, y) => pattern(x, y, 0)),
      ),
    ).toBe(0);
  });

  test("grey with transparency lies on white", async () => {
    const image = pixels(16, 16, 2, (x, y, channel) => (channel === 1 ? x * 17 : pattern(x, y, 0)));
    const { reconstruction } = await roundTrip("grey-alpha.png", raw(image).toColourspace("b-w").png());
    expect((await sharp(join(folder, "grey-alpha.png")).metadata()).channels).toBe(2);
    const onWhite = pixels(16, 16, 3, (x, y) => Math.round((x / 15) * pattern(x, y, 0) + (1 - x / 15) * 255));
    expect(largestDifference(reconstruction, onWhite)).toBeLessThanOrEqual(1);
  });

  test("a palette becomes three channels", async () => {
    const image = pixels(16, 8, 3, (x, y, channel) => ((x + y) % 4) * 60 + channel * 20);
    const { reconstruction } = await roundTrip("palette.png", raw(image).png({ palette: true, effort: 1 }));
    expect((await sharp(join(folder, "palette.png")).metadata()).isPalette).toBe(true);
    expect(largestDifference(reconstruction, await pixelsOf(join(folder, "palette.png")))).toBe(0);
  });

  test("a CMYK JPEG becomes three channels", async () => {
    const { reconstruction } = await roundTrip(
      "cmyk.jpg",
      raw(pixels(16, 16, 3, pattern))
        .toColourspace("cmyk")
        .jpeg(),
    );
    expect((await sharp(join(folder, "cmyk.jpg")).metadata()).channels).toBe(4);
    expect(reconstruction).toMatchObject({ width: 16, height: 16, channels: 3 });
  });

  test("a lossless WebP is read", async () => {
    const image = pixels(24, 8, 3, pattern);
    const { reconstruction } = await roundTrip("a.webp", raw(image).webp({ lossless: true }));
    expect(largestDifference(reconstruction, image)).toBe(0);
  });

  test("one pixel is padded to eight by eight, and cut out again", async () => {
    const { reconstruction, stdout } = await roundTrip("one.png", raw(pixels(1, 1, 3, pattern)).png());
    expect(stdout).toMatch(/^image {12}1×1, padded to 8×8\nlatent {11}\[1, 192, 1, 1\],/);
    expect(largestDifference(reconstruction, pixels(1, 1, 3, pattern))).toBe(0);
  });

  test("colour becomes Pillow's grey for a model of one channel", async () => {
    const { reconstruction, out } = await roundTrip("colour.png", raw(pixels(64, 64, 3, pattern)).png(), "grey");
    expect((await sharp(join(out, "reconstruction.png")).metadata()).channels).toBe(1);
    const grey = facts(folder, "grey", "colour.png") as readonly number[];
    expect(
      largestDifference(
        reconstruction,
        pixels(64, 64, 3, (x, y) => grey[y * 64 + x] ?? NaN),
      ),
    ).toBe(0);
  });
});

describe("images of samples that are no photograph's", () => {
  /** Five bands of a sensor of 12 bits, [H, W, 5]. */
  const bands = Float32Array.from({ length: 24 * 16 * 5 }, (_, i) => (i * 37) % 4096);
  const arrayIn = (path: string): { readonly header: string; readonly values: Float32Array } => {
    const bytes = readFileSync(path);
    const start = 10 + bytes.readUInt16LE(8);
    return {
      header: bytes.subarray(10, start).toString().trim(),
      values: new Float32Array(new Uint8Array(bytes.subarray(start)).buffer),
    };
  };

  test("come back as an array in the range that was declared", async () => {
    writeFileSync(join(folder, "bands.npy"), npyBytes([16, 24, 5], bands));
    const { code, stderr } = litevae(folder, "run", "five", "bands.npy", "-o", "bands", "--range", "0,4095");
    expect(code, stderr).toBe(0);
    const { header, values } = arrayIn(join(folder, "bands/reconstruction.npy"));
    expect(header).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (16, 24, 5), }");
    expect(Math.max(...values.map((value, i) => Math.abs(value - (bands[i] ?? NaN))))).toBeLessThan(0.01);
    expect((await pixelsOf(join(folder, "bands/latent.png"))).channels).toBe(3);
  });
  test("calibrate float16", () => {
    mkdirSync(join(folder, "sensor"));
    writeFileSync(join(folder, "sensor/a.npy"), npyBytes([16, 24, 5], bands));
    const flags = ["five.ts", "-o", "five-half", "--precision", "fp16", "--calibrate", "sensor"];
    expect(litevae(folder, "compile", ...flags).stderr).toContain("found:    values from 0 to 4095, outside of [0, 1]");
    const { code, stderr } = litevae(folder, "compile", ...flags, "--range", "0,4095");
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain("warning");
  });
  test("that use little of their type's range are warned of", () => {
    const grey = join(folder, "twelve.npy");
    writeFileSync(
      grey,
      npyBytes(
        [16, 24],
        bands.subarray(0, 16 * 24).map((value) => value / 65535),
      ),
    );
    const told = litevae(folder, "run", "grey", grey, "-o", "twelve").stderr;
    expect(told).toContain("warning: the images use [-1, -0.875] of [-1, 1], less than a quarter");
    const declared = litevae(folder, "run", "grey", grey, "-o", "twelve", "--range", `0,${4095 / 65535}`);
    expect(declared.stderr).not.toContain("warning");
  });
  test("are refused where the declaration contradicts itself", () => {
    const { code, stderr } = litevae(folder, "run", "grey", "twelve.npy", "-o", "no", "--range", "1,0");
    expect(code).toBe(2);
    expect(stderr).toContain("expected: a range whose lowest value stands first");
  });
});

describe("numbers", () => {
  const chelsea = join(photos, "chelsea.png");

  /** An image as the model sees it, padded by repeating the last row and column. */
  function imageOf(image: Pixels, width: number, height: number): Tensor {
    const planar = [0, 1, 2].flatMap((channel) =>
      Array.from({ length: width * height }, (_, i) => {
        const [x, y] = [Math.min(i % width, image.width - 1), Math.min(Math.trunc(i / width), image.height - 1)];
        return at(image, x, y, channel) / 127.5 - 1;
      }),
    );
    return new Tensor("float32", Float32Array.from(planar), [1, 3, height, width]);
  }

  test("the PSNR printed is that of the images", async () => {
    const { stdout, stderr, reconstruction } = await run("tiny", chelsea);
    expect(stderr).toBe(
      "encoding\ndecoding\nThe weights are untrained: the reconstruction is noise. Compile with --weights for a trained model.\n",
    );
    const image = await pixelsOf(chelsea);
    const squares = image.data.reduce((sum, value, i) => sum + ((value - (reconstruction.data[i] ?? NaN)) / 255) ** 2, 0);
    const printed = Number(/^PSNR +(\d+\.\d\d) dB$/m.exec(stdout)?.[1]);
    expect(Math.abs(printed + 10 * Math.log10(squares / image.data.length))).toBeLessThan(0.02);
  });

  test("the latent written is the encoder's mean", async () => {
    const { out, stdout } = await run("tiny", chelsea);
    const session = await InferenceSession.create(join(folder, "tiny/encoder.onnx"));
    const { mean } = await session.run({ image: imageOf(await pixelsOf(chelsea), 452, 300) });
    const values = mean?.data as Float32Array;
    const found = facts(folder, "latent", join(out, "latent.safetensors")) as {
      shape: number[];
      mean: number;
      std: number;
      values: number[];
    };
    expect(found.shape).toEqual([1, 4, 75, 113]);
    expect(mean?.dims).toEqual(found.shape);
    expect(found.values.every((value, i) => Math.abs(value - (values[i] ?? NaN)) < 1e-6)).toBe(true);
    expect(stdout).toContain(
      `mean ${found.mean.toFixed(3)}, std ${found.std.toFixed(3)}, range ${Math.min(...values).toFixed(3)} … ${Math.max(...values).toFixed(3)}`,
    );
  });

  test("the image of the latent has its first three channels, each over its range, at the image's size", async () => {
    const { out } = await run("tiny", chelsea);
    const image = await pixelsOf(join(out, "latent.png"));
    expect(image).toMatchObject({ width: 452, height: 300, channels: 3 });
    const found = facts(folder, "latent", join(out, "latent.safetensors")) as { values: number[] };
    const plane = found.values.slice(113 * 75, 2 * 113 * 75);
    const [min, max] = [Math.min(...plane), Math.max(...plane)];
    const shown = (x: number, y: number): number =>
      Math.round((255 * ((plane[(y >> 2) * 113 + (x >> 2)] ?? NaN) - min)) / (max - min));
    const green = pixels(452, 300, 1, (x, y) => at(image, x, y, 1));
    expect(largestDifference(green, pixels(452, 300, 1, shown))).toBeLessThanOrEqual(1);
  });

  test("weights from a file are not called untrained", async () => {
    expect(litevae(folder, "compile", "tiny.ts", "-o", "trained", "--weights", "tiny/model.safetensors").code).toBe(0);
    const { stderr, out } = await run("trained", chelsea);
    expect(stderr).toBe("encoding\ndecoding\n");
    const again = await run("tiny", chelsea);
    expect(readFileSync(join(out, "latent.safetensors"))).toEqual(readFileSync(join(again.out, "latent.safetensors")));
  });
});
