/** What comes from outside: how authors write the inputs of networks and the conditions of models. */
import { UserError } from "../src/errors/index.ts";
import { must } from "../src/errors/must.ts";
import { dividedDim, symbolDim } from "../src/ir/dim.ts";
import type { Graph } from "../src/ir/model.ts";
import { shapeOf, type Shape } from "../src/ir/shape.ts";
import { placeOf, type Source } from "../src/ir/source.ts";
import { neededValues } from "../src/ir/walk.ts";
import { checkCounts, checkKeys, type Below } from "./config.ts";
import type { Feature, Vector } from "./feature.ts";

/** A map [N, channels, H/stride, W/stride], whose `stride` is 1 by default. */
export interface MapInput {
  readonly channels: number;
  readonly stride?: number;
}

/** A vector [N, features]. */
export interface VectorInput {
  readonly features: number;
}

/** What a function is called with for an input. */
export type Given<I> = I extends { readonly features: infer F extends number }
  ? Vector<F>
  : I extends { readonly channels: infer C extends number; readonly stride: infer S extends number }
    ? Feature<C, S>
    : I extends { readonly channels: infer C extends number }
      ? Feature<C, 1>
      : never;

/** What messages call such inputs: `an input`, one of the `inputs` of `network`; `also` are settings that they have besides. */
interface Kind {
  readonly one: string;
  readonly all: string;
  readonly of: string;
  readonly also: readonly string[];
}

export function shapeOfInput(input: MapInput | VectorInput, { one, all, of, also }: Kind, below: Below): Shape {
  checkKeys(`${one} of ${of}`, input, [...also, "channels", "stride", "features"], below);
  if ("features" in input) {
    const { features, ...others } = input;
    checkKeys(`a vector among the ${all} of ${of}`, others, also, below);
    checkCounts(of, { features }, below);
    return shapeOf("N", features);
  }
  const { channels, stride = 1 } = input;
  checkCounts(of, { channels, stride }, below);
  return shapeOf("N", channels, dividedDim(symbolDim("H"), stride), dividedDim(symbolDim("W"), stride));
}

/** Refuses a graph that reads nothing of an input: `names` are theirs, `of` is what messages call the whole. */
export function checkInputsRead(graph: Graph, names: readonly string[], of: string, help: string, source: Source): void {
  const read = neededValues(graph);
  const idle = names.find((_, i) => !read.has(must(graph.inputs[i], "an input of the graph")));
  if (idle === undefined) return;
  throw new UserError({
    what: `nothing reads ${idle} in the ${of}`,
    where: placeOf(source),
    found: `inputs ${names.join(", ")}`,
    help,
  });
}

/** Refuses what graphs and Python cannot call values. */
export function checkNames(what: string, names: readonly string[], source: Source): void {
  const wrong = names.find((name) => !/^[a-z][a-z0-9_]*$/.test(name));
  if (wrong === undefined) return;
  throw new UserError({
    what: `"${wrong}" is not the name of ${what}`,
    where: placeOf(source),
    expected: "a name in snake_case",
    found: wrong,
    help: /^\d+$/.test(wrong)
      ? "return a record from the block, { name: feature, … }: its keys are the outputs' names"
      : "use small letters, digits and underscores, beginning with a letter",
  });
}
