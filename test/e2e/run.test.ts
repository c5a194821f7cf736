/** `run` on photographs, and the numbers that it gives. The model loses nothing, so what comes out must be, pixel by pixel, the image that went in. */
// @module-tag python
// @module-tag slow
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "./in-process.ts";
import { facts, photos, write } from "./litevae.ts";

import { at, compileModels, folder, largestDifference, pixels, pixelsOf, run, type Pixels } from "./haar-runs.ts";

beforeAll(compileModels);

describe("photographs", () => {
  test.each(["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "hubble_deep_field.jpg"])(
    "%s comes out as it went in",
    async (name) => {
      const { reconstruction } = await run("haar", join(photos, name));
      expect(largestDifference(reconstruction, await pixelsOf(join(photos, name)))).toBe(0);
    },
  );

  test("what is printed, and where", async () => {
    const { stdout, stderr, out: written } = await run("haar", join(photos, "chelsea.png"));
    const [image, latent, psnr, time, ...files] = stdout.trimEnd().split("\n");
    expect(image).toBe("image            300×451, padded to 304×456");
    expect(latent).toMatch(
      /^latent {11}\[1, 192, 38, 57\], mean -?\d+\.\d{3}, std \d+\.\d{3}, range -?\d+\.\d{3} … -?\d+\.\d{3}$/,
    );
    expect(psnr).toMatch(/^PSNR {13}(?:1\d\d\.\d\d dB|∞ \(identical\))$/);
    expect(time).toMatch(/^time {13}encode \d+\.\d\d s, decode \d+\.\d\d s$/);
    const out = relative(folder, written);
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

describe("several images", () => {
  test("of folders and files have a folder each, those of one name with their endings", async () => {
    write(folder, {
      "several/a/one.png": readFileSync(join(photos, "chelsea.png")),
      "several/a/one.jpg": readFileSync(join(photos, "rocket.jpg")),
      "several/note.txt": "no image",
    });
    const { stdout, stderr, code } = await litevae(folder, "run", "haar", "several", join(photos, "coffee.png"), "-o", "all");
    expect(code, stderr).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 2))).toMatchObject([
      ["image", "size"],
      [expect.stringMatching(/^─+$/), "───────"],
      ["several/a/one.jpg", "427×640"],
      ["several/a/one.png", "300×451"],
      [expect.stringMatching(/coffee\.png$/), "400×600"],
      [""],
      [expect.stringMatching(/^mean PSNR .*, written into all$/)],
      [""],
    ]);
    for (const [place, source] of [
      ["a/one.png", "chelsea.png"],
      ["a/one.jpg", "rocket.jpg"],
      ["coffee", "coffee.png"],
    ] as const)
      expect(
        largestDifference(await pixelsOf(join(folder, "all", place, "reconstruction.png")), await pixelsOf(join(photos, source))),
      ).toBe(0);
  });

  test("one that cannot be used keeps no other from its turn, and the exit code is 1", async () => {
    write(folder, { "some/b.png": "no image", "some/c.png": readFileSync(join(photos, "chelsea.png")) });
    const { stdout, stderr, code } = await litevae(folder, "run", "haar", "some", "-o", "rest", "--format", "json");
    expect(code).toBe(1);
    expect(stderr).toContain("error: 1 of 2 images could not be used\n  found:    some/b.png\n");
    expect(stderr.match(/^error: .*$/gm)).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject([
      { image: "some/c.png", height: 300, width: 451, fitted: "padded to 304×456", latent: { shape: [1, 192, 38, 57] } },
    ]);
    expect(existsSync(join(folder, "rest/c/latent.safetensors"))).toBe(true);
  });

  test("two that would be written into one folder are refused", async () => {
    const { stderr, code } = await litevae(
      folder,
      "run",
      "haar",
      "several/a/one.png",
      "some/c.png",
      "several/a/one.png",
      "-o",
      "none",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("error: 2 images would be written into one folder, one.png\n");
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
      "encoding\ndecoding\nnote: the weights are untrained: the reconstruction is noise\n  help:     compile with --weights for a trained model\n",
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
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "trained", "--weights", "tiny/model.safetensors")).code).toBe(0);
    const { stderr, out } = await run("trained", chelsea);
    expect(stderr).toBe("encoding\ndecoding\n");
    const again = await run("tiny", chelsea);
    expect(readFileSync(join(out, "latent.safetensors"))).toEqual(readFileSync(join(again.out, "latent.safetensors")));
  });
});
