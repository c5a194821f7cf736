/** Tiles of a part that sees the whole image: they overlap and are blended, and give something else than the whole. */
import { cropped, emptyLike, type Cut, type TiledValue, type Tiling } from "../ir/tiles.mts";
import { UserError } from "../errors/index.ts";
import { must } from "../errors/must.ts";
import type { FittingSizes } from "../ir/size.ts";

type Values = Readonly<Record<string, TiledValue>>;
type Run = (inputs: Values) => Promise<Values>;

/** The share of a tile that the next one covers too. */
const shared = 0.25;

/** The side of a tile of at most `side` pixels that fits; undefined where none does. */
function tileThatFits(side: number, { minimum, step }: FittingSizes): number | undefined {
  return side < minimum ? undefined : minimum + step * Math.floor((side - minimum) / step);
}

/** Tiles of `side` pixels at most, equally large; the last one ends with the image. */
function spansAlong(whole: number, side: number, sizes: FittingSizes): readonly Cut[] {
  const length = Math.min(whole, must(tileThatFits(side, sizes), "a tile that fits"));
  const advance = Math.max(sizes.step, sizes.step * Math.floor(((1 - shared) * length) / sizes.step));
  const cuts: Cut[] = [];
  for (let from = 0; ; from += advance) {
    const start = Math.min(from, whole - length);
    cuts.push({ read: [start, start + length], keep: [start, start + length] });
    if (start === whole - length) return cuts;
  }
}

interface Tile {
  readonly rows: Cut;
  readonly columns: Cut;
}

export function blendedTilesOf({ side, image, sizes }: Tiling): readonly Tile[] {
  const columns = spansAlong(image.width, side, sizes.width);
  return spansAlong(image.height, side, sizes.height).flatMap((rows) => columns.map((column) => ({ rows, columns: column })));
}

/** What `run` gives of tiles, each one's weight rising in a line from its border as its neighbour's falls. */
export async function inBlendedTiles(run: Run, inputs: Values, tiling: Tiling): Promise<Values> {
  const sums: Record<string, { readonly total: TiledValue; readonly weights: Float32Array }> = {};
  for (const tile of blendedTilesOf(tiling)) {
    const cut = Object.entries(inputs).map(([name, value]) => [name, cropped(value, tile, tiling)] as const);
    for (const [name, value] of Object.entries(await run(Object.fromEntries(cut)))) {
      if (value.shape.length !== 4)
        throw new UserError({
          what: `${name} is of the whole image, and there is nothing to blend in it`,
          expected: "a part that gives maps alone",
          found: `${name} [${value.shape.join(", ")}]`,
          help: "leave --blend out",
        });
      const total = emptyLike(value, tile, tiling);
      add(value, tile, (sums[name] ??= { total, weights: new Float32Array(areaOf(total)) }), tiling);
    }
  }
  return Object.fromEntries(
    Object.entries(sums).map(([name, { total, weights }]) => [
      name,
      { shape: total.shape, data: total.data.map((sum, i) => sum / (weights[i % weights.length] as number)) },
    ]),
  );
}

function sidesOf({ shape }: TiledValue): readonly [height: number, width: number] {
  return [must(shape[2], "rows"), must(shape[3], "columns")];
}

function areaOf(value: TiledValue): number {
  const [height, width] = sidesOf(value);
  return height * width;
}

function add(
  value: TiledValue,
  { rows, columns }: Tile,
  { total, weights }: { readonly total: TiledValue; readonly weights: Float32Array },
  { image }: Tiling,
): void {
  const [[height, width], [high, wide]] = [sidesOf(value), sidesOf(total)];
  const [top, left] = [(rows.read[0] * high) / image.height, (columns.read[0] * wide) / image.width];
  const [down, across] = [ramp(height, top > 0, top + height < high), ramp(width, left > 0, left + width < wide)];
  for (let map = 0; map < value.data.length / (height * width); map++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const [weight, at] = [(down[row] as number) * (across[column] as number), (top + row) * wide + left + column];
        const [place, more] = [map * high * wide + at, weight * (value.data[(map * height + row) * width + column] as number)];
        total.data[place] = (total.data[place] as number) + more;
        if (map === 0) weights[at] = (weights[at] as number) + weight;
      }
}

/** Weights along a side: 1, but rising from and falling to a neighbour. */
function ramp(length: number, before: boolean, after: boolean): Float32Array {
  const reach = Math.max(1, Math.floor(shared * length));
  return Float32Array.from({ length }, (_, i) =>
    Math.min(before ? (i + 0.5) / reach : 1, after ? (length - i - 0.5) / reach : 1, 1),
  );
}

/**
 * How far a first tile in tiles of half its side lies from that tile as a whole: root mean square of the difference over the deviation, of the first output.
 * Undefined where no tile of half the side fits. The whole image there may be no memory for.
 */
export async function blendingError(run: Run, inputs: Values, tiling: Tiling): Promise<number | undefined> {
  const { side, sizes } = tiling;
  const tile = must(blendedTilesOf(tiling)[0], "a tile");
  const first = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, cropped(value, tile, tiling)]));
  const half = Math.floor(side / 2);
  if ([sizes.height, sizes.width].some((each) => tileThatFits(half, each) === undefined)) return undefined;
  const small = { ...tiling, side: half, image: { height: tile.rows.read[1], width: tile.columns.read[1] } };
  const [whole] = Object.values(await run(first));
  const [found] = Object.values(await inBlendedTiles(run, first, small));
  const [wanted, given] = [must(whole, "an output").data, must(found, "an output").data];
  const mean = wanted.reduce((sum, value) => sum + value, 0) / wanted.length;
  const variance = wanted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const error = wanted.reduce((sum, value, i) => sum + (value - (given[i] as number)) ** 2, 0);
  return Math.sqrt(error / variance);
}
