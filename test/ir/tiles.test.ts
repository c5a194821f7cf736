import fc from "fast-check";
import { expect, test } from "vitest";
import { cutsAlong, leastTile, type TiledValue } from "../../src/ir/tiles.mts";
import { blendedTilesOf, inBlendedTiles } from "../../src/onnxruntime/blended.ts";
import { runs } from "../support/random.ts";

const sizes = fc
  .record({ step: fc.constantFrom(1, 2, 8, 12, 64), more: fc.nat(70) })
  .map(({ step, more }) => ({ minimum: 1 + more, step }));
const margins = fc.record({ before: fc.nat(150), after: fc.nat(150) });

test("tiles keep every pixel once, with all that lies within their margins or what there is of it", () => {
  fc.assert(
    fc.property(sizes, margins, fc.nat(60), fc.nat(300), (fitting, margin, steps, more) => {
      const side = fitting.minimum + steps * fitting.step;
      const tile = leastTile(fitting, margin) + more;
      const cuts = cutsAlong(side, tile, fitting, margin);
      let kept = 0;
      for (const { read, keep } of cuts) {
        expect(keep[0]).toBe(kept);
        expect(keep[1]).toBeGreaterThan(keep[0]);
        kept = keep[1];
        expect(read[0] % fitting.step, "tiles begin where the part begins to count").toBe(0);
        expect((read[1] - read[0] - fitting.minimum) % fitting.step, "tiles fit").toBe(0);
        expect(read[1] - read[0]).toBeLessThanOrEqual(Math.min(side, tile));
        expect(read[0]).toBeLessThanOrEqual(Math.max(0, keep[0] - margin.before));
        expect(read[1]).toBeGreaterThanOrEqual(Math.min(side, keep[1] + margin.after));
      }
      expect(kept).toBe(side);
    }),
    runs(300, 20_000),
  );
});

test("a tile that would keep nothing, and a side that does not fit, are refused", () => {
  const fitting = { minimum: 8, step: 8 };
  expect(() => cutsAlong(512, 295, fitting, { before: 144, after: 144 })).toThrow("at least 296");
  expect(cutsAlong(512, 296, fitting, { before: 144, after: 144 }).at(1)).toEqual({ read: [8, 304], keep: [152, 160] });
  expect(() => cutsAlong(250, 296, fitting, { before: 144, after: 144 })).toThrow("250 is no side that fits");
});

test("blended tiles of what sees its own pixel alone are the whole, and overlap", async () => {
  const doubled = ({ shape: [n = 1, c = 1, h = 1, w = 1], data }: TiledValue): TiledValue => ({
    shape: [n, c, 2 * h, 2 * w],
    data: Float32Array.from({ length: n * c * 4 * h * w }, (_, i) => {
      const [map, row, column] = [Math.floor(i / (4 * h * w)), Math.floor(i / (2 * w)) % (2 * h), i % (2 * w)];
      return 3 * (data[(map * h + (row >> 1)) * w + (column >> 1)] ?? NaN);
    }),
  });
  const z = { shape: [2, 3, 12, 19], data: Float32Array.from({ length: 2 * 3 * 12 * 19 }, (_, i) => Math.sin(i)) };
  const reach = { before: 0, after: 0 };
  const sizes = { minimum: 8, step: 4 };
  const image = { height: 48, width: 76 };
  const tiling = { side: 30, image, reach: { height: reach, width: reach }, sizes: { height: sizes, width: sizes } };
  const run = (given: Readonly<Record<string, TiledValue>>): Promise<Readonly<Record<string, TiledValue>>> =>
    Promise.resolve({ y: doubled(given["z"] as TiledValue) });
  const { y } = await inBlendedTiles(run, { z }, tiling);
  const whole = doubled(z);
  expect(y?.shape).toEqual(whole.shape);
  expect(Math.max(...whole.data.map((value, i) => Math.abs(value - (y?.data[i] ?? NaN))))).toBeLessThan(1e-5);
  const columns = blendedTilesOf(tiling).map((tile) => tile.columns.read);
  expect(columns.slice(0, 4)).toEqual([
    [0, 28],
    [20, 48],
    [40, 68],
    [48, 76],
  ]);
});
