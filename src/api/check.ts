import type { Report } from "../errors/index.ts";
import { must } from "../errors/must.ts";
import type { Model, Part } from "../ir/model.ts";
import { receptiveFieldOf, type ReceptiveField } from "../ir/receptive-field.ts";
import { formatDim } from "../ir/dim.ts";
import { fittingSizes, type FittingSizes } from "../ir/size.ts";
import { verifyModel } from "../ir/verify.ts";
import { named } from "./named.ts";

/** A model whose shapes are right, as `litevae check --format json` prints it. */
export interface CheckedModel {
  /** Its name. */
  readonly model: string;
  /** By the names of its parts. */
  readonly parts: Readonly<Record<string, CheckedPart>>;
}

/** A model that is wrong, as `litevae check --format json` prints it. */
export interface WrongModel {
  /** As the command line calls it. */
  readonly model: string;
  /** What is wrong, in the order in which it was found. */
  readonly errors: readonly Report[];
}

export interface CheckedPart {
  /** Shapes by the inputs' names, such as `["N", "3", "H", "W"]`: of a batch of N images of H × W pixels. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Shapes by the outputs' names, such as `["N", "12", "H/8", "W/8"]`. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  /** The sides of images that fit: minimum, minimum + step, …; null where none up to 4096 does. */
  readonly sizes: { readonly height: FittingSizes | null; readonly width: FittingSizes | null };
  /** How far outputs look, and what sees the whole image; absent of a part that takes images of one size. */
  readonly reach?: ReceptiveField;
}

/**
 * Checks a model's shapes, which a model of the DSL has been through, and says what goes into every part, what comes out and which image sizes
 * fit. Rejects with UserError where something is wrong. What TypeScript says of a file, `check` of `litevae/api/node` says.
 */
export function check(model: Model): Promise<CheckedModel> {
  return Promise.resolve().then(() => {
    const { name } = named(model);
    verifyModel(model);
    return { model: name, parts: Object.fromEntries(model.parts.map((part) => [part.name, checkedPart(part)])) };
  });
}

function checkedPart(part: Part): CheckedPart {
  const { inputs, outputs } = part.graph;
  const shapes = (names: readonly string[], values: typeof inputs): CheckedPart["inputs"] =>
    Object.fromEntries(names.map((name, i) => [name, must(values[i], name).shape.map(formatDim)]));
  const reach = receptiveFieldOf(part);
  return {
    inputs: shapes(part.inputNames, inputs),
    outputs: shapes(part.outputNames, outputs),
    sizes: { height: fittingSizes([part], "H") ?? null, width: fittingSizes([part], "W") ?? null },
    ...(reach === undefined ? {} : { reach }),
  };
}
