/** Rules that compiler, client.js and runtime each have: tables, which Python's tests of the runtime walk too. */
import { must } from "../../src/errors/must.ts";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { nearestFitting, type FittingSizes } from "../../src/ir/size.ts";
import { cutsAlong, leastTile } from "../../src/ir/tiles.mts";
import { clientTemplate } from "../../src/artifact/client-template.ts";
import { pixelSchema } from "../../src/recipe/pixels.ts";
import { readImage } from "../../src/onnxruntime/image.ts";
import { clientFiles } from "../../src/targets/client/client.ts";

type Module = typeof import("../../src/targets/client/template.mts");

const folder = mkdtempSync(join(tmpdir(), "tables-"));
afterAll(() => rmSync(folder, { recursive: true }));

const table = (name: string): string => fileURLToPath(new URL(`../../runtime/tests/tables/${name}.json`, import.meta.url));
const template = clientTemplate();
const model = { ...must(builtIns["nano"], "nano").build({}), stride: 1 };

/** The client of a model of stride 1 whose images fit at these sizes. */
async function clientOf(sizes: FittingSizes, imageChannels: 1 | 3): Promise<Module> {
  const parts = model.parts.slice(0, 1);
  const [script] = clientFiles({ ...model, imageChannels }, parts, () => ({ height: sizes, width: sizes }), template);
  const path = join(folder, `client-${sizes.minimum}-${sizes.step}-${imageChannels}.mjs`);
  writeFileSync(path, [...script!.pieces()].join(""));
  return (await import(path)) as Module;
}

const sizes: readonly FittingSizes[] = [
  { minimum: 1, step: 1 },
  { minimum: 8, step: 8 },
  { minimum: 16, step: 8 },
  { minimum: 5, step: 4 },
  { minimum: 64, step: 64 },
];
const sides = [1, 3, 4, 7, 9, 20, 63, 65, 100, 127, 241, 250, 255];

describe("tiles along a side", () => {
  const margins = [
    { before: 0, after: 0 },
    { before: 3, after: 1 },
    { before: 144, after: 152 },
  ];
  const rows = sizes.flatMap((fitting) =>
    margins.flatMap(({ before, after }) =>
      [0, 5, 64].flatMap((more) =>
        [0, 1, 7].map((steps) => {
          const tile = leastTile(fitting, { before, after }) + more;
          const side = fitting.minimum + fitting.step * (steps + Math.floor(tile / fitting.step));
          const cuts = cutsAlong(side, tile, fitting, { before, after }).map(({ read, keep }) => [read, keep]);
          return { ...fitting, before, after, tile, side, cuts };
        }),
      ),
    ),
  );
  test("are those of the table", async () => {
    const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n");
    await expect(`[\n${lines}\n]\n`).toMatchFileSnapshot(table("cuts"));
  });
});

describe("the nearest sizes that fit", () => {
  const rows = sizes.flatMap(({ minimum, step }) =>
    sides
      .filter((side) => side < minimum || (side - minimum) % step !== 0)
      .map((side) => ({ minimum, step, side, nearest: nearestFitting(side, { minimum, step }) })),
  );
  test("are those of the table", async () => {
    const lines = rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n");
    await expect(`[\n${lines}\n]\n`).toMatchFileSnapshot(table("nearest-sizes"));
  });
  test("are those that client.js tells", async () => {
    const session = { run: () => Promise.reject(new Error("not asked for")), release: () => Promise.resolve() };
    const ort = { InferenceSession: { create: () => Promise.resolve(session) } } as never;
    for (const { minimum, step, side, nearest } of rows) {
      const { createClient } = await clientOf({ minimum, step }, 3);
      const client = await createClient(ort, { encoder: "" });
      const image = { data: new Float32Array(3 * side * side), height: side, width: side };
      await expect(client.encode(image)).rejects.toThrow(`does not fit ${model.name}: ${nearest.join(" or ")} does`);
    }
  });
});

describe("the grey of colours", () => {
  const rows = JSON.parse(readFileSync(table("luma"), "utf8")) as readonly { rgb: readonly number[]; grey: number }[];
  const expected = rows.map(({ grey }) => Math.fround(grey / 127.5 - 1));
  test("of client.js", async () => {
    const { fromPixels } = await clientOf({ minimum: 1, step: 1 }, 1);
    const { data } = fromPixels(Uint8Array.from(rows.flatMap(({ rgb }) => [...rgb, 255])), rows.length, 1);
    expect([...data]).toEqual(expected);
  });
  test("of images that are read", async () => {
    const path = join(folder, "colours.png");
    const raw = { width: rows.length, height: 1, channels: 3 } as const;
    await sharp(Uint8Array.from(rows.flatMap(({ rgb }) => rgb)), { raw })
      .png()
      .toFile(path);
    const any = { minimum: 1, step: 1 };
    const { data } = await readImage(path, 1, pixelSchema.parse({}), "pad", { height: any, width: any });
    expect([...data]).toEqual(expected);
  });
});
