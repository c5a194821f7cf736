/**
 * One image, one tensor: files of every kind are read by training's reader and by that of `run` and calibration, and compared with each other and
 * with what was written. test/images/table.py makes the table.
 */
// @module-tag python
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { openImage } from "../../src/images/open.ts";
import type { PixelRule } from "../../src/recipe/pixels.ts";
import { runPython } from "../support/python.ts";

interface Case {
  readonly name: string;
  readonly file: string;
  readonly channels: number;
  readonly rule: PixelRule;
  /** In levels of 1/255. */
  readonly tolerance: number;
  readonly refused: string | null;
  /** Of training's reader: its tensor or its reason. */
  readonly read?: string;
  readonly shape?: readonly number[];
  readonly error?: string;
  readonly truth?: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "litevae-images-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const photo = here("../../examples/photos/coffee.png");
/** What the tests are made of, and so made while they are collected; `npm test -- unit` collects them too, without Python. */
function tableOf(): readonly Case[] {
  if (process.env["LITEVAE_UNIT"] !== undefined) return [];
  runPython([here("table.py"), folder, photo], { env: { ...process.env, PYTHONPATH: here("../../runtime/src") } });
  return JSON.parse(readFileSync(join(folder, "table.json"), "utf8")) as readonly Case[];
}
const table = tableOf();
const tensor = (name: string): Float32Array => new Float32Array(new Uint8Array(readFileSync(join(folder, name))).buffer);

/** In levels of 1/255, with float32's rounding left out. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? NaN)) * 127.5), 0) - 1e-4;
}

test("the table has every kind", () => {
  expect(table.length).toBeGreaterThan(800);
});

describe.skipIf(table.length === 0)("both readers give the same", () => {
  test.each(table.map((each) => [each.name, each] as const))("%s", async (_, { file, channels, rule, ...expected }) => {
    const found = openImage(join(folder, file), channels, rule);
    if (expected.refused !== null) {
      expect(expected.error).toContain(expected.refused);
      await expect(found).rejects.toThrow(expected.refused);
      return;
    }
    const { data, height, width } = await found;
    expect(expected.error).toBeUndefined();
    expect([channels, height, width]).toEqual(expected.shape);
    const read = tensor(expected.read ?? "");
    if (expected.truth !== undefined) {
      const truth = tensor(expected.truth);
      expect(largestDifference(read, truth), "training's reader").toBeLessThanOrEqual(expected.tolerance);
      expect(largestDifference(data, truth), "the reader of run").toBeLessThanOrEqual(expected.tolerance);
    }
    expect(largestDifference(data, read), "one against the other").toBeLessThanOrEqual(Math.min(1, expected.tolerance));
  });
});
