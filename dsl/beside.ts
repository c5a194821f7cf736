/** What a model's parts take and give besides image and latent: conditions from outside, skips, and the image in the decoder. */
import { UserError } from "../src/errors/index.ts";
import { must } from "../src/errors/must.ts";
import type { Graph, Part, PartSource } from "../src/ir/model.ts";
import type { Shape } from "../src/ir/shape.ts";
import { pythonKeywords } from "../src/ir/python-names.ts";
import { placeOf, type Source } from "../src/ir/source.ts";
import { neededValues } from "../src/ir/walk.ts";
import { checkKeys, type Below } from "./config.ts";
import type { Feature, FeatureOrVector } from "./feature.ts";
import { checkNames, shapeOfInput, type Given, type MapInput, type VectorInput } from "./inputs.ts";

/** What comes from outside with every image, by name: maps, at the image's size unless they have a stride, and vectors. */
export type Conditions = Readonly<Record<string, MapInput | VectorInput>>;

/** The conditions as the parts' functions get them. */
export type GivenConditions<C extends Conditions> = { readonly [Name in keyof NoInfer<C>]: Given<NoInfer<C>[Name]> };

/** What an encoder returns under further names. */
// eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- messages of TypeScript call an interface by its name
export interface FurtherOutputs {
  readonly [name: string]: FeatureOrVector;
}

/** What a decoder's function gets beside the latent: the encoder's further outputs, the conditions, and the image. */
export type BesideLatent<I extends number, C extends Conditions, O> = GivenConditions<C> & {
  readonly [Name in Exclude<keyof NoInfer<O> & string, "moments" | "latent">]: NoInfer<O>[Name];
} & { readonly original: Feature<I, 1> };

/** What a part is offered: a value's name and shape, and where it comes from if not from outside. */
export interface Offer {
  readonly name: string;
  readonly shape: Shape;
  readonly source?: PartSource;
}

/** What conditions and further outputs cannot be called: graphs and the class in Python have it for something else. */
export const reservedNames: readonly string[] =
  "image original latent moments mean logvar self x z sample sample_posterior generator return_dict".split(" ");

/** The conditions as they are offered. `taken` are names that graphs have for something else. */
export function conditionsOf(conditions: Conditions, taken: readonly string[], source: Source, below: Below): readonly Offer[] {
  checkKeys("conditions of model", conditions, Object.keys(conditions), below);
  const names = Object.keys(conditions);
  checkValueNames("a condition", names, taken, source);
  const kind = { one: "a condition", all: "conditions", of: "model", also: [] };
  return Object.entries(conditions).map(([name, condition]) => ({ name, shape: shapeOfInput(condition, kind, below) }));
}

/** Refuses names that graphs and the class in Python cannot have, or have for something else. */
export function checkValueNames(what: string, names: readonly string[], taken: readonly string[], source: Source): void {
  checkNames(what, names, source);
  const keyword = names.find((name) => pythonKeywords.has(name));
  if (keyword !== undefined) {
    throw new UserError({
      what: `${what} is called ${keyword}, which is a keyword of Python`,
      where: placeOf(source),
      expected: `a name that Python takes in encode(x, ${keyword}=…)`,
      found: keyword,
      help: `write ${keyword}_value, or another word`,
    });
  }
  const twice = names.find((name) => taken.includes(name));
  if (twice === undefined) return;
  throw new UserError({
    what: `${what} is called ${twice}, as something else is`,
    where: placeOf(source),
    expected: `another name than ${[...new Set(taken)].join(", ")}`,
    found: twice,
    help: "give it another name: graphs tell values by them",
  });
}

/** The places of the inputs that a graph reads; the first is what it is for. */
export function placesRead({ inputs, nodes, outputs }: Graph): readonly number[] {
  const read = new Set([...nodes.flatMap((node) => node.inputs), ...outputs]);
  return inputs.flatMap((value, i) => (i === 0 || read.has(value) ? [i] : []));
}

/** Refuses a condition that no part reads. */
export function checkRead(conditions: readonly Offer[], parts: readonly Part[], source: Source): void {
  const read = new Set(
    parts.flatMap(({ graph, inputNames }) => {
      const needed = neededValues(graph);
      return inputNames.filter((_, i) => needed.has(must(graph.inputs[i], "an input of a part")));
    }),
  );
  const idle = conditions.find(({ name }) => !read.has(name));
  if (idle === undefined) return;
  throw new UserError({
    what: `no part reads the condition ${idle.name}`,
    where: placeOf(source),
    expected: `a function that takes it: (image, { ${idle.name} }) => …, or (latent, { ${idle.name} }) => …`,
    help: "read it in the encoder's function or the decoder's, or leave it out",
  });
}
