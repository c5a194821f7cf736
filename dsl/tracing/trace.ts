/** What exists while a part is being recorded, and the checks on what arrives there. */
import { UserError } from "../../src/errors/index.ts";
import type { Module, Node, Value } from "../../src/ir/model.ts";
import { channelsOf } from "../../src/ir/shape.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { handleOf, pathOf, type BlockHandle, type Handle } from "./handles.ts";

/** What a feature is at run time: a value and the trace in which it lives. */
export class Traced {
  readonly value: Value;
  readonly trace: Trace;
  constructor(value: Value, trace: Trace) {
    this.value = value;
    this.trace = trace;
  }
}

/** The body of one call while it is being recorded. */
export interface Trace {
  readonly block: BlockHandle;
  readonly nodes: Node[];
  readonly part: PartTrace;
}

/** One part while it is being recorded: the records that handles became, and which of them were called. */
export interface PartTrace {
  readonly modules: Map<Handle, Module>;
  readonly used: Set<Handle>;
}

export const tracing: Trace[] = [];

/** The channel count of a feature at run time. */
export function tracedChannels(feature: unknown): number {
  if (!(feature instanceof Traced)) throw new UserError({ what: "this is not a feature", help: "pass what a layer returned" });
  return channelsOf(feature.value.shape);
}

export function currentTrace(source: Source, what: string): Trace {
  const trace = tracing.at(-1);
  if (trace !== undefined) return trace;
  throw new UserError({
    what: `${what} is applied outside of a model`,
    where: placeOf(source),
    help: "apply layers inside the function that a block returns; model({ encoder, decoder }) calls it",
  });
}

export function valuesFor(trace: Trace, what: string, inputs: readonly unknown[], source: Source): readonly Value[] {
  return inputs.map((input, i) => {
    const where = { where: placeOf(source), module: pathOf(trace.block) || undefined, op: what };
    if (!(input instanceof Traced)) {
      const found =
        input === null
          ? "null"
          : typeof input === "object"
            ? `an object with ${Object.keys(input).join(", ") || "no keys"}`
            : typeof input;
      throw new UserError({
        what: `input ${i + 1} of ${what} is not a feature`,
        ...where,
        expected: "a Feature or a Vector",
        found: handleOf(input) === undefined ? found : "a layer that was not applied",
        help: "pass what a layer returned; of several outputs, such as haarDwt's { low, bands }, pick one",
      });
    }
    if (input.trace !== trace) {
      throw new UserError({
        what: `input ${i + 1} of ${what} belongs to another block`,
        ...where,
        help: "pass the feature to this block as an argument, or return it from the block that made it",
      });
    }
    return input.value;
  });
}

export function markUsed(trace: Trace, handle: Handle, what: string, source: Source): void {
  if (handle.owner === undefined) {
    throw new UserError({
      what: `this ${what} has no name`,
      where: placeOf(source),
      module: pathOf(trace.block) || undefined,
      op: what,
      help: "give it to layers({ name: … }) of the block that applies it; names become the keys of its weights",
    });
  }
  if (handle.owner !== trace.block) {
    throw new UserError({
      what: `${pathOf(handle)} is applied in a block that does not own it`,
      where: placeOf(source),
      module: pathOf(trace.block) || undefined,
      op: what,
      expected: `a layer named in layers() of ${trace.block.name}`,
      found: `a layer of ${handle.owner.name}`,
      help: "apply it in the block whose layers() names it and pass the result on",
    });
  }
  trace.part.used.add(handle);
}
