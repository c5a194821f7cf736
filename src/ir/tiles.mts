/**
 * Tiles of an image, of which a part computes what it computes of the whole. client.js holds this module as it is compiled, so that it imports types alone.
 */
import type { Margin } from "./receptive-field.ts";
import type { FittingSizes } from "./size.ts";

/** In pixels of the image, ends excluded: what a tile reads, and over what its outputs are kept. */
export interface Cut {
  readonly read: readonly [from: number, to: number];
  readonly keep: readonly [from: number, to: number];
}

/** The least side of tiles that keep something of what they read: a step between both margins. */
export function leastTile({ minimum, step }: FittingSizes, { before, after }: Margin): number {
  return Math.max(minimum, raised(before, step) + step + raised(after, step) + (minimum % step));
}

/**
 * Tiles of `tile` pixels or, to the next side that fits, less, that cover `side` and keep every pixel once. All are equally large, and begin where the part
 * begins to count anew. Throws RangeError for a tile that is less than `leastTile`, or a side that does not fit.
 */
export function cutsAlong(side: number, tile: number, sizes: FittingSizes, margin: Margin): readonly Cut[] {
  const { minimum, step } = sizes;
  if (side < minimum || (side - minimum) % step !== 0) throw new RangeError(`${side} is no side that fits`);
  if (tile >= side) return [{ read: [0, side], keep: [0, side] }];
  const least = leastTile(sizes, margin);
  if (tile < least) throw new RangeError(`tiles of ${tile} pixels keep nothing: at least ${least}`);
  const length = minimum + step * Math.floor((tile - minimum) / step);
  const [before, after] = [raised(margin.before, step), raised(margin.after, step)];
  const cuts: Cut[] = [];
  let kept = 0;
  while (kept < side) {
    const from = Math.min(Math.max(0, kept - before), side - length);
    const to = from + length;
    const end = to === side ? side : lowered(to - after, step);
    cuts.push({ read: [from, to], keep: [kept, end] });
    kept = end;
  }
  return cuts;
}

function raised(size: number, step: number): number {
  return step * Math.ceil(size / step);
}

function lowered(size: number, step: number): number {
  return step * Math.floor(size / step);
}

/** A map [N, C, H, W]; what has fewer sides is the same for all tiles. */
export interface TiledValue {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Values = Readonly<Record<string, TiledValue>>;

export interface Tiling {
  /** The side of what a tile reads, in pixels of the image. */
  readonly side: number;
  readonly image: { readonly height: number; readonly width: number };
  readonly reach: { readonly height: Margin; readonly width: Margin };
  readonly sizes: { readonly height: FittingSizes; readonly width: FittingSizes };
}

interface Tile {
  readonly rows: Cut;
  readonly columns: Cut;
}

export function tilesOf({ side, image, reach, sizes }: Tiling): readonly Tile[] {
  const columns = cutsAlong(image.width, side, sizes.width, reach.width);
  return cutsAlong(image.height, side, sizes.height, reach.height).flatMap((rows) =>
    columns.map((column) => ({ rows, columns: column })),
  );
}

/** What a part gives of the whole image, of which `run` gets as much as lies in a tile at a time. Nothing in the part may see the whole image. */
export async function inTiles(run: (inputs: Values) => Promise<Values>, inputs: Values, tiling: Tiling): Promise<Values> {
  const whole: Record<string, TiledValue> = {};
  for (const tile of tilesOf(tiling)) {
    const cut = Object.entries(inputs).map(([name, value]) => [name, cropped(value, tile, tiling)] as const);
    for (const [name, value] of Object.entries(await run(Object.fromEntries(cut))))
      place(value, tile, (whole[name] ??= emptyLike(value, tile, tiling)), tiling);
  }
  return whole;
}

type Span = readonly [from: number, to: number];

function lengthOf([from, to]: Span): number {
  return to - from;
}

/** Pixels as positions of a map that has `size` of them for `pixels`. */
function positions([from, to]: Span, size: number, pixels: number): Span {
  const scaled = [(from * size) / pixels, (to * size) / pixels] as const;
  if (scaled.every(Number.isInteger)) return scaled;
  throw new Error(`pixels ${from} to ${to} are no whole positions of ${size} for ${pixels}`);
}

function areaOfMap({ shape }: TiledValue): readonly [maps: number, height: number, width: number] {
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  return [batch * channels, height, width];
}

function emptyMap(shape: readonly number[]): TiledValue {
  return { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) };
}

export function cropped(value: TiledValue, { rows, columns }: Tile, { image }: Tiling): TiledValue {
  if (value.shape.length < 4) return value;
  const [, height, width] = areaOfMap(value);
  const [y, x] = [positions(rows.read, height, image.height), positions(columns.read, width, image.width)];
  const target = emptyMap([...value.shape.slice(0, 2), lengthOf(y), lengthOf(x)]);
  copy(value, [y, x], target, [0, 0]);
  return target;
}

/** Room for what all tiles give, of which this is one. */
export function emptyLike(value: TiledValue, { rows, columns }: Tile, { image }: Tiling): TiledValue {
  const [, height, width] = areaOfMap(value);
  const [, bottom] = positions([0, image.height], height, lengthOf(rows.read));
  const [, right] = positions([0, image.width], width, lengthOf(columns.read));
  return emptyMap([...value.shape.slice(0, 2), bottom, right]);
}

function place(value: TiledValue, { rows, columns }: Tile, whole: TiledValue, { image }: Tiling): void {
  const [, height, width] = areaOfMap(whole);
  const [y, x] = [positions(rows.keep, height, image.height), positions(columns.keep, width, image.width)];
  const [[top], [left]] = [positions(rows.read, height, image.height), positions(columns.read, width, image.width)];
  copy(value, [[y[0] - top, y[1] - top] as const, [x[0] - left, x[1] - left] as const], whole, [y[0], x[0]]);
}

/** Rows and columns of every channel, to where they begin in the other. */
function copy(from: TiledValue, [y, x]: readonly [Span, Span], to: TiledValue, [top, left]: Span): void {
  const [maps, height, width] = areaOfMap(from);
  const [, rows, columns] = areaOfMap(to);
  for (let map = 0; map < maps; map++)
    for (let row = y[0]; row < y[1]; row++) {
      const start = (map * height + row) * width;
      to.data.set(from.data.subarray(start + x[0], start + x[1]), (map * rows + top + row - y[0]) * columns + left);
    }
}
