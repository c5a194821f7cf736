/** What exists while a part is being recorded, and the checks on what arrives there. */
import { UserError, type Report } from "../../src/errors/index.ts";
import type { Body, Module, Node, Value } from "../../src/ir/model.ts";
import { channelsOf, formatShape, type Shape } from "../../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../../src/ir/source.ts";
import { handleOf, pathOf, type BlockHandle, type Handle } from "./handles.ts";

/** What a feature is at run time: a value and the trace in which it lives. */
export class Traced {
  readonly value: Value;
  readonly trace: Trace;
  constructor(value: Value, trace: Trace) {
    this.value = value;
    this.trace = trace;
  }

  /** As console.log shows it in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `feature ${formatShape(this.value.shape)}`;
  }

  /** What compares a feature or computes with it in JavaScript asks for this; what asks whether there is one does not. */
  [Symbol.toPrimitive](): never {
    const source = captureSource(this[Symbol.toPrimitive]);
    throw new UserError({
      what: "a feature is used as a number or as text",
      where: placeOf(source),
      module: pathOf(this.trace.block) || undefined,
      expected: "functions of litevae/dsl, such as add(x, y) and mul(x, 2)",
      found: "an operator of JavaScript, such as x + y, x > 3 or `${x}`",
      help: "a model is described before there are values: compute in the graph, or decide by settings and by channelCount(x)",
    });
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
  /** What each block was last given in a record. */
  readonly named: Map<Handle, Body["named"]>;
  /** The op that is composed of what is recorded: no part, but functions alone. */
  readonly composed?: string;
}

/** Of a part of which nothing is recorded yet. */
export function newPart(): PartTrace {
  return { modules: new Map(), used: new Set(), named: new Map() };
}

export const tracing: Trace[] = [];

/** The channel count of a feature at run time. */
export function tracedChannels(feature: unknown): number {
  if (!(feature instanceof Traced)) throw new UserError({ what: "this is not a feature", help: "pass what a layer returned" });
  return channelsOf(feature.value.shape);
}

/** The shape of a feature; undefined where this is none. */
export function tracedShape(feature: unknown): Shape | undefined {
  return feature instanceof Traced ? feature.value.shape : undefined;
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

/** The values that an op or a block, called `what`, is applied to. */
export function valuesFor(trace: Trace, what: string, inputs: readonly unknown[], source: Source): readonly Value[] {
  const help = "pass what a layer returned; of several outputs, such as haarDwt's { low, bands }, pick one";
  return inputs.map((input, i) => valueFor(trace, input, { what: `input ${i + 1} of ${what}`, op: what, help }, source));
}

/** The value behind a feature of this trace; UserError, which calls it `what`, where it is none. */
export function valueFor(trace: Trace, input: unknown, report: Pick<Report, "what" | "op" | "help">, source: Source): Value {
  if (input instanceof Traced && input.trace === trace) return input.value;
  // The place is asked for here alone, since formatting a stack costs more than recording the call.
  const { what, op, help } = report;
  const at = { where: placeOf(source), module: pathOf(trace.block) || undefined, op };
  if (!(input instanceof Traced)) {
    throw new UserError({
      what: `${what} is not a feature`,
      ...at,
      expected: "a Feature or a Vector",
      found: describeForeign(input),
      help,
    });
  }
  throw new UserError({
    what: `${what} belongs to another block`,
    ...at,
    help: "pass the feature to this block as an argument, or return it from the block that made it",
  });
}

/** What stands where a feature should. */
export function describeForeign(value: unknown): string {
  if (handleOf(value) !== undefined) return "a layer that was not applied";
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object with ${Object.keys(value).join(", ") || "no keys"}`;
}

export function markUsed(trace: Trace, handle: Handle, what: string, source: Source): void {
  const { composed } = trace.part;
  if (composed !== undefined) {
    throw new UserError({
      what: `${composed} is composed with ${what}, which has parameters of its own`,
      where: placeOf(source),
      op: composed,
      expected: "functions, and what param(role) reads",
      help: "declare its parameters in params, or make a block, which is what layers make up",
    });
  }
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
