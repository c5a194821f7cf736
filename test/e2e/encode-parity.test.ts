/** `litevae encode`: what the package's `encode` gives of the same images. */
// @module-tag python
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { npyBytes } from "../../src/images/npy.ts";
import { runPython } from "../support/python.ts";
import { litevae as inProcess } from "./in-process.ts";
import { environment, litevae, photos, root, tempFolder, write } from "./litevae.ts";

const folder = tempFolder();
const photo = (left: number, top: number, width: number, height: number): Sharp =>
  sharp(join(photos, "coffee.png")).removeAlpha().extract({ left, top, width, height });

/** Images of every kind that readers meet, of which all but those with a profile have the same pixels in both. */
async function writeImages(): Promise<void> {
  const rgb = (at: number, width: number, height: number): Promise<Buffer> => photo(at, at, width, height).png().toBuffer();
  const [alpha, deep] = [Buffer.alloc(70 * 90, 90), new Uint16Array(80 * 66 * 3).map((_, i) => (i * 7919) % 65536)];
  const cut = await rgb(60, 100, 100);
  write(folder, {
    "set/a cat/001.png": await rgb(0, 130, 97),
    "set/a cat/002.jpg": await photo(40, 20, 97, 131).jpeg({ quality: 92 }).withMetadata({ orientation: 6 }).toBuffer(),
    "set/a cat/x/\u{1F600}.png": await rgb(10, 64, 64),
    "set/a cat/x/\ufb00.png": await rgb(20, 200, 65),
    "set/b/grey.png": await photo(30, 30, 90, 70).toColourspace("b-w").png().toBuffer(),
    "set/b/rgba.png": await photo(30, 30, 90, 70)
      .joinChannel(alpha, { raw: { width: 90, height: 70, channels: 1 } })
      .png()
      .toBuffer(),
    "set/b/palette.gif": await photo(70, 60, 80, 120).gif().toBuffer(),
    "set/b/deep.png": await sharp(deep, { raw: { width: 80, height: 66, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer(),
    "set/b/cmyk.jpg": await photo(70, 60, 120, 80).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer(),
    "set/b/p3.png": await photo(50, 60, 90, 80).withIccProfile("p3").png().toBuffer(),
    "set/b/float.npy": npyBytes(
      [70, 80, 3],
      Float32Array.from({ length: 70 * 80 * 3 }, (_, i) => (1 + Math.sin(i / 9)) / 2),
    ),
    "set/c/small.png": await rgb(5, 20, 30),
    "set/c/tiny.png": await rgb(5, 15, 30),
    "set/c/cut.png": cut.subarray(0, cut.length / 2),
    "set/c/empty.jpg": "",
    "set/c/notes.txt": "none",
    "set/.hidden.png": "none",
    "set/c/top.png": await rgb(33, 70, 70),
  });
  symlinkSync(join(folder, "set"), join(folder, "set/c/loop"));
}

const usual = ["--size", "64", "--shard-images", "4", "--batch", "3", "--flip"] as const;
// Threads of onnxruntime would wait for other tests.
const alone = ["--threads", "1"] as const;

interface Compared {
  readonly names: readonly string[];
  readonly corrupt: readonly string[];
  /** The largest departure of moments, by image; and of statistics, by their name. */
  readonly moments: Readonly<Record<string, number>>;
  readonly statistics: Readonly<Record<string, number>>;
  readonly same: readonly string[];
  readonly other: readonly string[];
  readonly exported: number;
  readonly half: Readonly<Record<string, boolean>>;
}

describe("beside the package's encode", () => {
  let compared: Compared;
  beforeAll(async () => {
    await writeImages();
    expect((await inProcess(folder, "compile", "nano", "-o", "nano", "--target", "onnx,torch")).code).toBe(0);
    const { code, stdout, stderr } = litevae(folder, "encode", "nano", "set", "-o", "latents", ...usual, ...alone);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("latents: mean and logvar [12, 8, 8] of 13 images and of the mirrored ones, float32, in 4 files\n");
    expect(stderr).toContain("16 images in set (2 other files: 1 hidden, 1 .txt); 3 classes by folders; onnxruntime, fp32");
    expect(stderr).toContain("warning: 3 images could not be used and left out, the first c/cut.png: ");
    expect(stderr).toContain("note: 1 image smaller than 64 was enlarged\n");
    for (const dtype of ["float16", "bfloat16"]) {
      const more = ["--dtype", dtype, "--workers", "0"];
      expect((await inProcess(folder, "encode", "nano", "set", "-o", dtype, ...usual, ...alone, ...more)).code).toBe(0);
    }
    const script = join(root, "test/latents/beside_graphs.py");
    const python = runPython([script, "litevae_nano", "set", "latents", "float16", "bfloat16", ...usual], {
      cwd: folder,
      env: { ...environment, PYTHONPATH: join(folder, "nano") },
    });
    compared = JSON.parse(python.toString().trimEnd().split("\n").at(-1) ?? "") as Compared;
  });

  test("the same images, classes and reasons", () => {
    expect(compared.corrupt).toEqual(["c/cut.png", "c/empty.jpg", "c/tiny.png"]);
    expect(compared.names).toHaveLength(13);
    const [ligature, face] = ["a cat/x/\ufb00.png", "a cat/x/\u{1F600}.png"].map((name) => compared.names.indexOf(name));
    expect([ligature, face]).toEqual([2, 3]);
    expect(compared.same).toEqual(
      expect.arrayContaining(["data", "classes", "latent", "enlarged", "images", "names", "label", "position", "weights_sha256"]),
    );
    expect(compared.other).toEqual(["architecture_sha256", "engine", "graph_sha256"]);
  });

  test("moments within 1e-4; what a colour profile is converted by differs by a level of 255", () => {
    const { "b/p3.png": converted = NaN, ...others } = compared.moments;
    expect(Object.keys(others)).toHaveLength(12);
    for (const [name, departure] of Object.entries(others)) expect(departure, name).toBeLessThan(1e-4);
    expect(converted).toBeLessThan(0.03);
  });

  test("statistics of the same moments to the last digits, and what other trainers read", () => {
    for (const [name, departure] of Object.entries(compared.statistics)) expect(departure, name).toBeLessThan(1e-11);
    expect(Object.keys(compared.statistics).sort()).toEqual(
      ["covariance", "latent_images", "latents_mean", "latents_std", "scaling_factor", "shift_factor", "values"].sort(),
    );
    expect(compared.exported).toBe(13);
    expect(compared.half).toEqual({ float16: true, bfloat16: true });
  });
});
