/** `run --tile`: what tiles give is what the whole image gives, or is refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { litevae } from "./in-process.ts";
import { root, tempFolder } from "./litevae.ts";

const folder = tempFolder();

beforeAll(async () => {
  for (const name of ["deterministic", "fsq"]) {
    const compiled = await litevae(folder, "compile", join(root, `examples/${name}.ts`), "-o", name);
    expect(compiled.code, compiled.stderr).toBe(0);
  }
  const data = Uint8Array.from({ length: 200 * 264 * 3 }, (_, i) => (i * 2654435761) >>> 24);
  await sharp(data, { raw: { width: 264, height: 200, channels: 3 } }).toFile(join(folder, "noise.png"));
}, 120_000);

const latents = (out: string): Float32Array => {
  const bytes = readFileSync(join(folder, out, "latent.safetensors"));
  return new Float32Array(Uint8Array.from(bytes.subarray(bytes.length - 4 * 4 * 50 * 66)).buffer);
};

test("the latent and the image of tiles are those of the whole image", async () => {
  const whole = await litevae(folder, "run", "deterministic", "noise.png", "-o", "whole");
  const tiled = await litevae(folder, "run", "deterministic", "noise.png", "-o", "tiled", "--tile", "100");
  expect([whole.code, tiled.code], whole.stderr + tiled.stderr).toEqual([0, 0]);
  expect(whole.stdout).not.toContain("tiles");
  expect(tiled.stdout).toContain(
    "tiles            encoder in 24 tiles of 100, 4.5 times the work of the whole image (--tile 128: at most about 4)\n" +
      "                 decoder in 24 tiles of 100, 4.5 times the work of the whole image (--tile 136: at most about 4)\n",
  );
  const [one, other] = [latents("whole"), latents("tiled")];
  const scale = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0)).toBeLessThanOrEqual(1e-5 * scale);
  const images = await Promise.all(
    ["whole", "tiled"].map((out) =>
      sharp(join(folder, out, "reconstruction.png"))
        .raw()
        .toBuffer(),
    ),
  );
  expect(images[0]!.reduce((most, value, i) => Math.max(most, Math.abs(value - images[1]![i]!)), 0)).toBeLessThanOrEqual(1);
}, 60_000);

test("--blend names what sees the whole image, and measures what blending changes", async () => {
  const whole = await litevae(folder, "run", "fsq", "noise.png", "-o", "fsq-whole");
  const tiled = await litevae(folder, "run", "fsq", "noise.png", "-o", "fsq-blended", "--tile", "96", "--blend");
  expect([whole.code, tiled.code], whole.stderr + tiled.stderr).toEqual([0, 0]);
  expect(tiled.stdout).toMatch(
    /tiles +encoder in \d+ blended tiles of 96, which give something else: groupNorm in encoder\.norm sees all of an image\n +decoder in \d+ blended/,
  );
  const shares = [...tiled.stdout.matchAll(/coder: the first tile in tiles of half its side, .*: (\S+)\n/g)].map(([, share]) =>
    Number(share),
  );
  expect(shares).toHaveLength(2);
  const images = await Promise.all(
    ["fsq-whole", "fsq-blended"].map((out) =>
      sharp(join(folder, out, "reconstruction.png"))
        .raw()
        .toBuffer(),
    ),
  );
  const mean = images[0]!.reduce((sum, value) => sum + value, 0) / images[0]!.length;
  const variance = images[0]!.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = images[0]!.reduce((sum, value, i) => sum + (value - images[1]![i]!) ** 2, 0);
  expect(error).toBeGreaterThan(0);
  // Near the whole, as far as was said.
  expect(Math.sqrt(error / variance)).toBeLessThan(0.5);
  for (const share of shares) expect(share).toBeGreaterThan(0);
}, 60_000);

test("--blend of parts that nothing sees all of is not needed, and alone is refused", async () => {
  const exact = await litevae(folder, "run", "deterministic", "noise.png", "-o", "exact", "--tile", "100", "--blend");
  expect(exact.stdout).toContain("encoder in 24 tiles of 100,");
  expect(exact.stdout).not.toContain("blended");
  const alone = await litevae(folder, "run", "fsq", "noise.png", "-o", "alone", "--blend");
  expect(alone.code).toBe(1);
  expect(alone.stderr).toContain("error: --blend is of tiles\n");
}, 60_000);

test("tiles that are too small, and models that see the whole image, are refused with what to do", async () => {
  const small = await litevae(folder, "run", "deterministic", "noise.png", "-o", "small", "--tile", "64");
  expect(`${small.code}\n${small.stderr}`).toMatchInlineSnapshot(`
    "1
    error: tiles of 64 pixels are too small for the decoder
      expected: at least 68: a tile is read with 32 pixels around it
      found:    --tile 64
      help:     give larger tiles, which take less work: those of 136 take about 4 times that of the whole image
    "
  `);
  const global = await litevae(folder, "run", "fsq", "noise.png", "-o", "global", "--tile", "64");
  expect(`${global.code}\n${global.stderr}`).toMatchInlineSnapshot(`
    "1
    error: no part of fsq gives in tiles what it gives of the whole image
      expected: a part in which nothing sees all of an image
      found:    encoder: groupNorm in encoder.norm
                decoder: groupNorm in decoder.norm
      help:     leave --tile out, or add --blend for tiles that give something else; a model whose norms are "smc", "rms" or "none" and that attends within windows can be cut
    "
  `);
});
