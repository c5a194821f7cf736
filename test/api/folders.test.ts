/** What `litevae/api/node` does with a compiled folder, images and latents: that what it gives is what the command line prints, and how it stops. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import * as api from "../../src/api/node/index.ts";
import { writeImage } from "../e2e/encoding.ts";
import { litevae } from "../e2e/in-process.ts";
import { hashes, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

const folder = tempFolder();
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  write(folder, { "tiny.ts": tinyModel, "set/c.png": "no image" });
  for (const [i, name] of ["a", "b", "d"].entries()) await writeImage(folder, `set/${name}.png`, 7 + i);
  await api.compileTo(await api.loadModel(at("tiny.ts")), at("out"));
});

async function json(...args: readonly string[]): Promise<unknown> {
  const { stdout } = await litevae(folder, ...args, "--format", "json");
  return JSON.parse(stdout.replaceAll("<dir>", folder));
}

test("list and summary give what the commands print", async () => {
  expect(await json("list")).toEqual(api.list());
  const model = await api.loadModel(at("tiny.ts"));
  const found = await api.summary(model, { size: 32, depth: 0 });
  expect(await json("summary", "tiny.ts", "--size", "32", "--depth", "0")).toEqual(found);
  expect(found.parts["encoder"]?.modules.map(({ path }) => path)).toEqual(["encoder"]);
  expect(api.keysOf(model).map(({ key }) => key)).toContain("decoder.out.weight");
  await expect(api.summary(model, { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
});

describe("reconstruct", () => {
  test("gives what run prints, and says which of several could not be used", async () => {
    const doing: string[] = [];
    const found = await api.reconstruct(at("out"), [at("set")], at("run"), { progress: (each) => doing.push(each) });
    expect(doing.slice(0, 3)).toEqual([at("set/a.png"), "encoding", "decoding"]);
    expect(found.unusable.map(({ image }) => image)).toEqual([at("set/c.png")]);
    expect(found.notes.map(({ what }) => what)).toEqual(["the weights are untrained: the reconstruction is noise"]);
    expect(() => api.requireReconstructed(found)).toThrow("1 of 4 images could not be used");
    const timeless = (all: unknown): unknown =>
      (all as api.Reconstructions["images"]).map(({ encodeMs: _, decodeMs: __, ...rest }) => rest);
    expect(timeless(await json("run", at("out"), at("set"), "-o", at("run")))).toEqual(timeless(found.images));
    expect(existsSync(at("run/d/reconstruction.png"))).toBe(true);
  });

  test("stops between images", async () => {
    const stop = new AbortController();
    const progress = (doing: string): void => {
      if (doing.endsWith("b.png")) stop.abort(new Error("enough"));
    };
    await expect(api.reconstruct(at("out"), [at("set")], at("cut"), { progress, signal: stop.signal })).rejects.toThrow("enough");
    expect([existsSync(at("cut/a/latent.png")), existsSync(at("cut/d"))]).toEqual([true, false]);
  });
});

describe("encode", () => {
  const settings = { size: 16, shardImages: 1, workers: 0, threads: 1 } as const;
  const flags = ["--size", "16", "--shard-images", "1", "--workers", "0", "--threads", "1"];

  test("gives what the command prints and writes, and goes on where a signal stopped it", async () => {
    const stop = new AbortController();
    const doing: string[] = [];
    const told: api.Note[] = [];
    const stopped = api.encode(at("out"), at("set"), at("latents"), {
      ...settings,
      progress: (each) => doing.push(each),
      note: (each) => {
        told.push(each);
        stop.abort(new Error("enough"));
      },
      signal: stop.signal,
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(doing.at(-1)).toBe("stopped: 0 of 4 files are there; the same command continues");
    expect(told).toEqual([
      { what: "the weights are untrained: so are the latents", help: "compile with --weights for a trained model" },
    ]);
    const found = await api.encode(at("out"), at("set"), at("latents"), settings);
    expect(found).toMatchObject({ folder: at("latents"), encoded: { images: 3, batch: 16 } });
    expect(found.notes).toMatchObject([
      told[0],
      { severity: "warning", what: expect.stringMatching(/^1 image could not/) as string },
    ]);
    const { sha256, ...manifest } = JSON.parse(readFileSync(at("latents/manifest.json"), "utf8")) as Record<string, unknown>;
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(found.manifest).toEqual(manifest);
    const printed = await json("encode", at("out"), at("set"), "-o", at("same"), ...flags);
    const now = { ...found.encoded, seconds: expect.any(Number) as number, waitedSeconds: expect.any(Number) as number };
    expect(printed).toEqual({ ...found, folder: at("same"), encoded: now });
    const bytes = (name: string): unknown => {
      const { "encode.jsonl": _, ...files } = hashes(at(name));
      return files;
    };
    expect(bytes("same")).toEqual(bytes("latents"));
    expect(await json("encode", at("out"), at("set"), "-o", at("same"), ...flags)).toMatchObject({ encoded: null });
  });
});

test("measure stops, and refuses rows without numbers", async () => {
  await expect(api.measure(at("out"), { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  const none = { images_per_second: null, seconds_median: null, seconds_low: null, seconds_high: null, peak_memory_bytes: null };
  const row = { part: "encoder", mode: "cuda", batch: 1, repeats: 0, ...none, error: "out of memory" };
  expect(() => api.requireMeasured({ rows: [row] })).toThrow("nothing could be measured");
});
