/** What a generated autoencoder says of the sides that fit it, and of how it is cut into tiles. */
import { must } from "../../errors/must.ts";
import type { Part } from "../../ir/model.ts";
import { pyConstant, type PyExpr } from "../../ir/python.ts";
import { receptiveFieldOf, sightsOf, type ReceptiveField } from "../../ir/receptive-field.ts";
import { fittingSizes } from "../../ir/size.ts";
import { leastTile } from "../../ir/tiles.mts";

type Constants = readonly (readonly [attribute: string, value: PyExpr])[];

/** Of `nn/pieces.py`. */
const usualTileSide = 512;

/** Attributes of a class whose latents have a position for every `stride` pixels. */
export function cutting(encoder: Part, decoder: Part, stride: number): Constants {
  const [encoding, decoding] = [receptiveFieldOf(encoder), receptiveFieldOf(decoder)];
  return [
    ...fittingSides("image_sides", encoder, 1),
    ...fittingSides("latent_sides", decoder, stride),
    ...reachOf("encoder_reach", encoding),
    ...reachOf("decoder_reach", decoding),
    ...tileSide([
      [encoder, encoding],
      [decoder, decoding],
    ]),
  ];
}

/** Heights and widths that a part takes, each as minimum and step in positions of `unit` pixels; nothing where none fits. */
function fittingSides(attribute: string, part: Part, unit: number): Constants {
  const sides = (["H", "W"] as const).flatMap((axis) => fittingSizes([part], axis) ?? []);
  if (sides.length < 2) return [];
  return [[attribute, pyConstant(sides.map(({ minimum, step }) => [minimum / unit, step / unit]))]];
}

/** Pixels that a part looks at before and after its own along both sides, and what looks at all of them; nothing where no image size is open. */
function reachOf(attribute: string, field: ReceptiveField | undefined): Constants {
  if (field === undefined) return [];
  const [rows, columns] = [field.height, field.width].map(({ before, after }) => [before, after]);
  return [[attribute, pyConstant([must(rows, "rows"), must(columns, "columns"), sightsOf(field.seesAll)])]];
}

/** The side of tiles where the runtime's own is less than exact ones have: then twice the least. */
function tileSide(parts: readonly (readonly [part: Part, field: ReceptiveField | undefined])[]): Constants {
  const least = parts.flatMap(([part, field]) => {
    if (field === undefined || field.seesAll.length > 0) return [];
    const [height, width] = (["H", "W"] as const).map((axis) => must(fittingSizes([part], axis), `sizes of ${part.name}`));
    return [leastTile(must(height, "heights"), field.height), leastTile(must(width, "widths"), field.width)];
  });
  const side = Math.max(0, ...least);
  return side <= usualTileSide ? [] : [["tile_sample_min_size", pyConstant(2 * side)]];
}
