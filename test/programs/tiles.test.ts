/** Random programs in tiles: what the receptive field calls exact is what the whole image gives. */
// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateDim, type Dim } from "../../src/ir/dim.ts";
import type { Part } from "../../src/ir/model.ts";
import { receptiveFieldOf, type ReceptiveField } from "../../src/ir/receptive-field.ts";
import { evaluateShape } from "../../src/ir/shape.ts";
import { fittingSizes, type FittingSizes } from "../../src/ir/size.ts";
import { floats, tensorOf, type Tensor } from "../../src/ir/tensor.ts";
import { cutsAlong, leastTile, type Cut } from "../../src/ir/tiles.mts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { randomOf, randomTensor, runs, seeds } from "../support/random.ts";
import { buildProgram } from "./build.ts";
import { programs } from "./generate.ts";

type Sides = readonly [from: number, to: number];

/** Rows and columns of a map [N, C, H, W]. */
function cropped({ shape, data }: Tensor, rows: Sides, columns: Sides): Tensor {
  const [n, c, h, w] = shape as [number, number, number, number];
  const values: number[] = [];
  for (let map = 0; map < n * c; map++)
    for (let y = rows[0]; y < rows[1]; y++)
      for (let x = columns[0]; x < columns[1]; x++) values.push(Number(data[(map * h + y) * w + x]));
  return tensorOf([n, c, rows[1] - rows[0], columns[1] - columns[0]], Float32Array.from(values));
}

/** Pixels as positions of a value with this side. */
function positions({ num, den }: Dim, pixels: Sides): Sides {
  return [(pixels[0] * num) / den, (pixels[1] * num) / den];
}

interface Layout {
  readonly rows: Cut;
  readonly columns: Cut;
}

async function checkTiles(part: Part, field: ReceptiveField, more: number, seed: number): Promise<number> {
  const [height, width] = (["H", "W"] as const).map((axis) => fittingSizes([part], axis)) as [FittingSizes, FittingSizes];
  const tiles = [leastTile(height, field.height), leastTile(width, field.width)] as const;
  const side = ({ minimum, step }: FittingSizes, tile: number): number =>
    minimum + step * (Math.ceil((tile - minimum) / step) + 1 + more);
  const bindings = { N: 1, H: side(height, tiles[0]), W: side(width, tiles[1]) };
  // What takes long to run whole says no more.
  if (bindings.H * bindings.W > 600 ** 2) return 0;
  const random = randomOf(seed);
  const weights = initialWeights([part], seed);
  const bytes = encodePart(part, (param) => weights.load(param));
  const inputs = part.graph.inputs.map(({ shape }) => randomTensor(evaluateShape(shape, bindings), random));
  const feeds = (values: readonly Tensor[]): Record<string, Tensor> =>
    Object.fromEntries(values.map((value, i) => [part.inputNames[i]!, value]));
  const whole = await runOnnx(bytes, feeds(inputs));
  const cuts = cutsAlong(bindings.H, tiles[0], height, field.height).flatMap((rows) =>
    cutsAlong(bindings.W, tiles[1], width, field.width).map((columns): Layout => ({ rows, columns })),
  );
  for (const { rows, columns } of cuts) {
    const crops = inputs.map((input, i) => {
      const [, , h, w] = part.graph.inputs[i]!.shape as [Dim, Dim, Dim, Dim];
      return cropped(input, positions(h, rows.read), positions(w, columns.read));
    });
    const results = await runOnnx(bytes, feeds(crops));
    part.graph.outputs.forEach(({ shape }, i) => {
      const name = part.outputNames[i]!;
      const kept = (dim: Dim, { read, keep }: Cut, axis: "H" | "W"): readonly [whole: Sides, tile: Sides] => {
        const [from, to] = positions(dim, keep);
        const last = keep[1] === bindings[axis] ? evaluateDim(dim, bindings) : Math.min(to, evaluateDim(dim, bindings));
        const [start] = positions(dim, read);
        return [
          [from, last],
          [from - start, last - start],
        ];
      };
      const [h, w] = [kept(shape[2] as Dim, rows, "H"), kept(shape[3] as Dim, columns, "W")];
      if (h[0][1] <= h[0][0] || w[0][1] <= w[0][0]) return;
      const expected = cropped(whole[name]!, h[0], w[0]);
      const found = cropped(results[name]!, h[1], w[1]);
      const [values, tiled] = [floats(expected), floats(found)];
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const difference = values.reduce((most, value, k) => Math.max(most, Math.abs(value - tiled[k]!)), 0);
      expect(difference / scale, `${part.name}'s ${name} in the tile ${JSON.stringify({ rows, columns })}`).toBeLessThan(2e-5);
    });
  }
  return cuts.length;
}

const timeout = 60_000;

test(
  "parts that see no more than their receptive field are exact in tiles of the least size",
  async () => {
    let tiles = 0;
    await fc.assert(
      fc.asyncProperty(programs, fc.integer({ min: 0, max: 2 }), seeds, async (program, more, seed) => {
        for (const part of buildProgram(program).parts) {
          const field = receptiveFieldOf(part);
          if (part.trainingOnly !== true && field?.seesAll.length === 0) tiles += await checkTiles(part, field, more, seed);
        }
      }),
      runs(300, timeout),
    );
    expect(tiles).toBeGreaterThan(100);
  },
  timeout,
);
