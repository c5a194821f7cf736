/** What encoding and decoding take besides image and latent, as the generated class says it. */
import { besidesFirst, divisorsOf } from "../../ir/autoencoder.ts";
import type { Part } from "../../ir/model.ts";
import { pyConstant, type PyConstant, type PyExpr } from "../../ir/python.ts";
import { channelsOf, formatShape } from "../../ir/shape.ts";

/** `Taken` of the runtime. */
export function takenBeside(part: Part): readonly PyConstant[] {
  return besidesFirst(part).map(({ name, shape }) => [name, channelsOf(shape), ...divisorsOf(shape)]);
}

/** A class attribute, where there is something to say. */
export function listed(attribute: string, entries: readonly PyConstant[]): readonly (readonly [string, PyExpr])[] {
  return entries.length === 0 ? [] : [[attribute, pyConstant(entries)]];
}

/** A paragraph of the docstring. */
export function besideDoc(doing: string, part: Part): readonly string[] {
  const others = besidesFirst(part).map(({ name, shape }) => `${name} ${formatShape(shape)}`);
  return others.length === 0 ? [] : [`${doing} takes ${others.join(", ")} besides.`];
}
