/** `run` on images of every kind: grey, deep, transparent, with palettes, and arrays of samples that are no photograph's. */
// @module-tag python
// @module-tag slow
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { npyBytes } from "../../src/images/npy.ts";
import { litevae } from "./in-process.ts";
import { facts } from "./litevae.ts";
import {
  at,
  compileModels,
  folder,
  largestDifference,
  pattern,
  pixels,
  pixelsOf,
  run,
  type Pixels,
  type Run,
} from "./haar-runs.ts";

beforeAll(compileModels);

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
    const { code, stderr } = await litevae(folder, "run", "five", "bands.npy", "-o", "bands", "--range", "0,4095");
    expect(code, stderr).toBe(0);
    const { header, values } = arrayIn(join(folder, "bands/reconstruction.npy"));
    expect(header).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (16, 24, 5), }");
    expect(Math.max(...values.map((value, i) => Math.abs(value - (bands[i] ?? NaN))))).toBeLessThan(0.01);
    expect((await pixelsOf(join(folder, "bands/latent.png"))).channels).toBe(3);
  });
  test("calibrate float16", async () => {
    mkdirSync(join(folder, "sensor"));
    writeFileSync(join(folder, "sensor/a.npy"), npyBytes([16, 24, 5], bands));
    const flags = ["five.ts", "-o", "five-half", "--precision", "fp16", "--calibrate", "sensor"];
    expect((await litevae(folder, "compile", ...flags)).stderr).toContain("found:    values from 0 to 4095, outside of [0, 1]");
    const { code, stderr } = await litevae(folder, "compile", ...flags, "--range", "0,4095");
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain("warning");
  });
  test("that use little of their type's range are warned of", async () => {
    const grey = join(folder, "twelve.npy");
    writeFileSync(
      grey,
      npyBytes(
        [16, 24],
        bands.subarray(0, 16 * 24).map((value) => value / 65535),
      ),
    );
    const told = (await litevae(folder, "run", "grey", grey, "-o", "twelve")).stderr;
    expect(told).toContain("warning: the images use [-1, -0.875] of [-1, 1], less than a quarter");
    const declared = await litevae(folder, "run", "grey", grey, "-o", "twelve", "--range", `0,${4095 / 65535}`);
    expect(declared.stderr).not.toContain("warning");
  });
  test("are refused where the declaration contradicts itself", async () => {
    const { code, stderr } = await litevae(folder, "run", "grey", "twelve.npy", "-o", "no", "--range", "1,0");
    expect(code).toBe(2);
    expect(stderr).toContain("expected: a range whose lowest value stands first");
  });
});
