/** Runs a graph on tiles of an image with all around each that its outputs look at: what comes out is what the whole image gives. */
import type { Config } from "../compiler/config.ts";
import { counted } from "../errors/counted.ts";
import { UserError } from "../errors/index.ts";
import { must } from "../errors/must.ts";
import { leastTile, inTiles as runInTiles, tilesOf, type Tiling } from "../ir/tiles.mts";
import { blendedTilesOf, blendingError, inBlendedTiles } from "./blended.ts";
import type { Graph, GraphValues } from "./session.ts";

export interface Planned extends Tiling {
  readonly blended: boolean;
}

interface Wanted {
  /** Undefined where nobody asks for tiles. */
  readonly side: number | undefined;
  /** Whether parts that see the whole image are blended of tiles, or run whole. */
  readonly blend: boolean;
  readonly image: Tiling["image"];
  readonly fixed: readonly number[] | undefined;
}

/** The parts that run in tiles, and what is to be said of all. UserError where no part can, or where tiles would keep nothing. */
export function planTiles(
  folder: string,
  { reach, sizes }: Config,
  parts: readonly string[],
  { side, blend, image, fixed }: Wanted,
): { readonly tilings: ReadonlyMap<string, Planned>; readonly said: readonly string[] } {
  if (side === undefined && blend)
    throw new UserError({
      what: "--blend is of tiles",
      expected: "--tile with it",
      found: "--blend alone",
      help: "add --tile 512, or leave --blend out",
    });
  if (side === undefined) return { tilings: new Map(), said: [] };
  const found = `--tile ${side}`;
  if (fixed !== undefined)
    throw new UserError({
      what: `the graphs of ${folder} take one size alone`,
      found,
      help: "compile them without --fixed",
    });
  if (reach === undefined)
    throw new UserError({
      what: `${folder} does not say how far its parts look`,
      found: "a config.json without reach, of an earlier version",
      help: "compile the model again",
    });
  const tilings = new Map<string, Planned>();
  const said: string[] = [];
  const reasons: string[] = [];
  for (const part of parts) {
    const own = must(reach[part], `the reach of ${part}`);
    const sees = `${own.sees_all.join(" and ")} see${own.sees_all.length === 1 ? "s" : ""} all of an image`;
    if (own.sees_all.length > 0 && blend) {
      const least = Math.max(sizes.height.minimum, sizes.width.minimum);
      if (side < least)
        throw new UserError({
          what: `tiles of ${side} pixels do not fit the ${part}`,
          expected: `at least ${least}`,
          found,
          help: "give larger tiles",
        });
      const tiling = { side, image, reach: own, sizes, blended: true };
      tilings.set(part, tiling);
      said.push(`${part} in ${blendedTilesOf(tiling).length} blended tiles of ${side}, which give something else: ${sees}`);
      continue;
    }
    if (own.sees_all.length > 0) {
      reasons.push(`${part}: ${own.sees_all.join(", ")}`);
      said.push(`${part} whole: ${sees}`);
      continue;
    }
    const least = Math.max(leastTile(sizes.height, own.height), leastTile(sizes.width, own.width));
    if (side < least && side < Math.max(image.height, image.width))
      throw new UserError({
        what: `tiles of ${side} pixels are too small for the ${part}`,
        expected: `at least ${least}: a tile is read with ${Math.max(own.height.before, own.height.after)} pixels around it`,
        found,
        help: `give larger tiles, which take less work: those of ${2 * least} take about 4 times that of the whole image`,
      });
    const tiling = { side, image, reach: own, sizes, blended: false };
    tilings.set(part, tiling);
    said.push(`${part} in ${counted(tilesOf(tiling).length, "tile")} of ${side}${wasteOf(tiling, least)}`);
  }
  if (tilings.size > 0) return { tilings, said };
  throw new UserError({
    what: `no part of ${folder} gives in tiles what it gives of the whole image`,
    expected: "a part in which nothing sees all of an image",
    found: reasons.join("\n"),
    help: 'leave --tile out, or add --blend for tiles that give something else; a model whose norms are "smc", "rms" or "none" and that attends within windows can be cut',
  });
}

/** What is said where tiles read most of the image several times: four times at twice the least side. */
function wasteOf(tiling: Planned, least: number): string {
  const length = ([from, to]: readonly [number, number]): number => to - from;
  const read = tilesOf(tiling).reduce((sum, { rows, columns }) => sum + length(rows.read) * length(columns.read), 0);
  const times = read / (tiling.image.height * tiling.image.width);
  return times <= 4 ? "" : `, ${times.toFixed(1)} times the work of the whole image (--tile ${2 * least}: at most about 4)`;
}

/** The same graph, which is given as much as lies in a tile at a time; where that is blended, `measured` is told how far it lies off. */
export function inTiles(graph: Graph, tiling: Planned, measured: (text: string) => void): Graph {
  const whole = (cut: GraphValues): Promise<GraphValues> => graph.run(cut);
  const blended = async (inputs: GraphValues): Promise<GraphValues> => {
    const error = await blendingError(whole, inputs, tiling);
    const share = error === undefined ? "not measured, since no tile of half the side fits" : error.toPrecision(2);
    measured(`the first tile in tiles of half its side, over the deviation of what it gives: ${share}`);
    return inBlendedTiles(whole, inputs, tiling);
  };
  return {
    inputs: graph.inputs,
    release: () => graph.release(),
    run: (inputs) => (tiling.blended ? blended(inputs) : runInTiles(whole, inputs, tiling)),
  };
}
