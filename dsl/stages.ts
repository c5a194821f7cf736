/** The parts of a model as their authors give them: an instance of a block, or several stages. */
import { UserError } from "../src/errors/index.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { checkedArguments } from "./arguments.ts";
import type { Feature } from "./feature.ts";
import { checkStageKey } from "./names.ts";
import { mostArguments } from "./tracing/code-text.ts";
import { handleOf } from "./tracing/handles.ts";

export type Stage = (...given: never[]) => unknown;
type Stages = Readonly<Record<string, Stage>>;

const stagesKey = Symbol("litevae.stages");
type Staged = Stage & { [stagesKey]?: Stages };

/**
 * Several modules as one part, each under its own name at the top of the model: for `stages({ encoder, quant_conv })` the keys begin with
 * `encoder.` and `quant_conv.`. They are applied one after the other, and those that take a second argument get the part's; `apply` says otherwise
 * what the part does with them. The same instance under the same name in encoder and decoder has one set of weights. That the stages fit is checked
 * when the model is compiled.
 */
export function stages(
  named: Readonly<Record<string, (x: never, given: never) => unknown>>,
): (x: Feature<number, number>) => Feature<number, number>;
export function stages<R extends Stage>(named: Stages, apply: R): R;
export function stages(named: Stages, apply?: Stage): Stage {
  const source = captureSource(stages);
  checkedArguments(arguments, {
    called: "stages",
    most: 2,
    takes: "the stages, in one object, and what applies them",
    at: () => ({ where: placeOf(source) }),
  });
  for (const key of Object.keys(named)) checkStageKey(key, source);
  if (apply !== undefined && typeof apply !== "function") {
    throw new UserError({
      what: "what applies the stages is no function",
      where: placeOf(source),
      expected: "(image, { mask }) => last(first(image, mask))",
      found: typeof apply,
      help: "leave it out where each stage takes what the one before it gives",
    });
  }
  // As a function of its own, so that one function can apply stages of two models.
  const run = (...given: never[]): unknown =>
    apply === undefined
      ? Object.values(named).reduce<unknown>((x, stage) => applied(stage, x, given[1]), given[0])
      : apply(...given);
  return Object.defineProperty(run, stagesKey, { value: named });
}

/** The stages that a part is made of; `name` is what the only one is called. */
export function stagesOf(name: string, part: Stage): Stages {
  return (part as Staged)[stagesKey] ?? { [name]: part };
}

/** A function of features on a first one and, where it takes a second argument, on the record of the others. */
export function applied(stage: Stage, x: unknown, others: unknown): unknown {
  const handle = handleOf(stage);
  const most = handle === undefined ? Infinity : handle.kind === "block" ? mostArguments(handle.forward) : 1;
  const takesOthers = handle === undefined || (most > 1 && most < Infinity);
  return takesOthers && others !== undefined ? stage(x as never, others as never) : stage(x as never);
}

/** A part that is one: UserError names the `name` that is missing. */
export function checkPart(name: string, part: unknown, source: Source): asserts part is Stage {
  if (typeof part === "function") return;
  throw new UserError({
    what: `the model has no ${name}`,
    where: placeOf(source),
    found: typeof part,
    help: `give model() a ${name}: an instance of a block, such as ${name}: MyBlock({ … })`,
  });
}
