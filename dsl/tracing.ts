/** How functions over features become IR: handles while a model is being described, records once a part is traced. */
import { ShapeError, UserError } from "../src/errors/index.ts";
import type { Block, CallNode, Graph, Layer, Module, Node, Value } from "../src/ir/model.ts";
import type { Attrs, Op } from "../src/ir/op.ts";
import { channelsOf, formatShape, type Shape } from "../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { checkLayerKey } from "./names.ts";

/** A layer or block instance as its author holds it. It gets its place in the model from the `layers` that names it. */
export type Handle = LayerHandle | BlockHandle;

export interface LayerHandle {
  readonly kind: "layer";
  readonly op: Op;
  readonly attrs: Attrs;
  readonly source: Source;
  owner?: BlockHandle;
  key?: string;
}

export interface BlockHandle {
  readonly kind: "block";
  readonly name: string;
  readonly config: readonly unknown[];
  readonly source: Source;
  readonly children: Map<string, Handle>;
  forward: (...inputs: never[]) => unknown;
  owner?: BlockHandle;
  key?: string;
}

/** What a feature is at run time: a value and the trace in which it lives. */
class Traced {
  readonly value: Value;
  readonly trace: Trace;
  constructor(value: Value, trace: Trace) {
    this.value = value;
    this.trace = trace;
  }
}

/** The body of one call while it is being recorded. */
interface Trace {
  readonly block: BlockHandle;
  readonly nodes: Node[];
  readonly part: PartTrace;
}

/** One part while it is being recorded: the records that handles became, and which of them were called. */
interface PartTrace {
  readonly modules: Map<Handle, Module>;
  readonly used: Set<Handle>;
}

/** A `block` function whose body runs right now. */
interface Building {
  readonly handle: BlockHandle;
  readonly created: Handle[];
  named: boolean;
}

const handleKey = Symbol("litevae.handle");
const building: Building[] = [];
const tracing: Trace[] = [];

type Callable = ((...inputs: never[]) => unknown) & { [handleKey]?: Handle };

function callableOf<F>(handle: Handle, call: (...inputs: unknown[]) => unknown): F {
  const callable = Object.defineProperty(call, handleKey, { value: handle });
  building.at(-1)?.created.push(handle);
  return callable as F;
}

export function handleOf(value: unknown): Handle | undefined {
  return typeof value === "function" ? (value as Callable)[handleKey] : undefined;
}

/** A layer: the op with fixed attributes, called on features. */
export function layer<F>(op: Op, attrs: Attrs, below: (...args: never[]) => unknown): F {
  const handle: LayerHandle = { kind: "layer", op, attrs, source: captureSource(below) };
  const call = (...inputs: unknown[]): unknown => single(record(op, attrs, inputs, captureSource(call), handle));
  return callableOf<F>(handle, call);
}

/** Applies an op without parameters. */
export function apply<R>(op: Op, attrs: Attrs, inputs: readonly unknown[], below: (...args: never[]) => unknown): R {
  return single(record(op, attrs, inputs, captureSource(below))) as R;
}

/** Applies an op that has several outputs. */
export function applyAll<R>(op: Op, attrs: Attrs, inputs: readonly unknown[], below: (...args: never[]) => unknown): R {
  return record(op, attrs, inputs, captureSource(below)) as R;
}

/** The channel count of a feature at run time. */
export function tracedChannels(feature: unknown): number {
  if (!(feature instanceof Traced)) throw new UserError({ what: "this is not a feature", help: "pass what a layer returned" });
  return channelsOf(feature.value.shape);
}

function single(outputs: readonly Traced[]): unknown {
  return outputs[0];
}

function pathOf(handle: Handle | undefined): string {
  if (handle?.owner === undefined) return "";
  const prefix = pathOf(handle.owner);
  return prefix === "" ? (handle.key ?? "") : `${prefix}.${handle.key}`;
}

function currentTrace(source: Source, what: string): Trace {
  const trace = tracing.at(-1);
  if (trace !== undefined) return trace;
  throw new UserError({
    what: `${what} is applied outside of a model`,
    where: placeOf(source),
    help: "apply layers inside the function that a block returns; model({ encoder, decoder }) calls it",
  });
}

function valuesFor(trace: Trace, what: string, inputs: readonly unknown[], source: Source): readonly Value[] {
  return inputs.map((input, i) => {
    const where = { where: placeOf(source), module: pathOf(trace.block) || undefined, op: what };
    if (!(input instanceof Traced)) {
      const found = input === null ? "null" : typeof input === "object" ? `an object with ${Object.keys(input).join(", ") || "no keys"}` : typeof input;
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

function markUsed(trace: Trace, handle: Handle, what: string, source: Source): void {
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

function record(op: Op, attrs: Attrs, inputs: readonly unknown[], source: Source, handle?: LayerHandle): readonly Traced[] {
  const trace = currentTrace(source, op.name);
  if (handle !== undefined) markUsed(trace, handle, op.name, source);
  const values = valuesFor(trace, op.name, inputs, source);
  const shapes = values.map((value) => value.shape);
  let outputShapes: readonly Shape[];
  try {
    outputShapes = op.infer(shapes, attrs);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new UserError({
      what: error.message,
      where: placeOf(source),
      module: pathOf(handle ?? trace.block) || undefined,
      op: `${op.name} of ${shapes.map(formatShape).join(", ")}`,
      ...error.detail,
    });
  }
  const outputs = outputShapes.map((shape): Value => Object.freeze({ shape }));
  const layerRecord = handle === undefined ? undefined : (trace.part.modules.get(handle) as Layer);
  trace.nodes.push(
    Object.freeze({ kind: "op", op, attrs, layer: layerRecord, inputs: values, outputs, scope: pathOf(trace.block), source }),
  );
  return outputs.map((value) => new Traced(value, trace));
}

/**
 * A kind of module. `build` gets the configuration, names its layers with `layers`, and returns the function over features.
 * The name is that of the generated class; a call makes one instance.
 */
export function block<A extends unknown[], R>(name: string, build: (...config: A) => R): (...config: A) => R {
  const source = captureSource(block);
  if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) {
    throw new UserError({
      what: `"${name}" is not a block name`,
      where: placeOf(source),
      expected: "a class name such as ResBlock",
      found: name,
      help: "use letters and digits, beginning with a capital",
    });
  }
  const create = (...config: A): R => {
    const handle: BlockHandle = {
      kind: "block",
      name,
      config,
      source: captureSource(create),
      children: new Map(),
      forward: () => undefined,
    };
    const frame: Building = { handle, created: [], named: false };
    building.push(frame);
    let forward: R;
    try {
      forward = build(...config);
    } finally {
      building.pop();
    }
    if (typeof forward !== "function") {
      throw new UserError({
        what: `block ${name} does not return a function`,
        where: placeOf(handle.source),
        expected: "(x: Feature<C, S>) => Feature<…>",
        found: typeof forward,
        help: "return the function that applies the layers",
      });
    }
    const stray = frame.created.find((created) => created.owner === undefined);
    if (stray !== undefined) {
      throw new UserError({
        what: `a ${labelOf(stray)} in block ${name} has no name`,
        where: placeOf(stray.source),
        op: labelOf(stray),
        help: "put it into layers({ name: … }); names become the keys of its weights",
      });
    }
    handle.forward = forward as (...inputs: never[]) => unknown;
    const call = (...inputs: unknown[]): unknown => callBlock(handle, inputs, captureSource(call));
    return callableOf<R>(handle, call);
  };
  return create;
}

function labelOf(handle: Handle): string {
  return handle.kind === "layer" ? handle.op.name : handle.name;
}

/** Names the layers of the block being built, once per block. An array gives `name.0`, `name.1`, … */
export function layers<T extends Readonly<Record<string, unknown>>>(named: T): T {
  const source = captureSource(layers);
  const frame = building.at(-1);
  const fail = (what: string, help: string): never => {
    throw new UserError({ what, where: placeOf(source), help });
  };
  if (frame === undefined) return fail("layers() is called outside of a block", "call it in the function given to block(name, …)");
  if (frame.named) return fail(`block ${frame.handle.name} calls layers() twice`, "name all layers of a block in one call");
  frame.named = true;
  for (const [key, entry] of Object.entries(named)) {
    checkLayerKey(key, source);
    const entries = Array.isArray(entry) ? (entry as unknown[]).map((item, i) => [`${key}.${i}`, item] as const) : [[key, entry] as const];
    for (const [name, item] of entries) {
      const handle = handleOf(item);
      if (handle === undefined) return fail(`"${name}" is not a layer`, "give layers() layers, blocks, or arrays of them; functions such as silu need no name");
      adopt(frame.handle, name, handle, source);
    }
  }
  return named;
}

function adopt(owner: BlockHandle, key: string, handle: Handle, source: Source): void {
  if (handle.owner !== undefined) {
    throw new UserError({
      what: `the ${labelOf(handle)} given as "${key}" already has the name "${handle.key}"`,
      where: placeOf(source),
      help: "name it once and apply it twice to share weights, or create a second one",
    });
  }
  handle.owner = owner;
  handle.key = key;
  owner.children.set(key, handle);
}

/** Runs a block's function on fresh inputs of the same shapes and records the call. */
function callBlock(handle: BlockHandle, inputs: readonly unknown[], source: Source): unknown {
  const outer = currentTrace(source, handle.name);
  markUsed(outer, handle, handle.name, source);
  const values = valuesFor(outer, handle.name, inputs, source);
  const { body, outputs } = traceBody(handle, values, outer.part, source);
  const results = body.outputs.map((value): Value => Object.freeze({ shape: value.shape }));
  const node: CallNode = {
    kind: "call",
    block: outer.part.modules.get(handle) as Block,
    body,
    inputs: values,
    outputs: results,
    source,
  };
  outer.nodes.push(Object.freeze(node));
  return rebuild(outputs, (value) => new Traced(results[body.outputs.indexOf(value)] as Value, outer));
}

type Outputs = Value | Readonly<Record<string, Value>>;

function traceBody(handle: BlockHandle, values: readonly Value[], part: PartTrace, source: Source): { body: Graph; outputs: Outputs } {
  const trace: Trace = { block: handle, nodes: [], part };
  const inputs = values.map((value): Value => Object.freeze({ shape: value.shape }));
  tracing.push(trace);
  let returned: unknown;
  try {
    returned = handle.forward(...(inputs.map((value) => new Traced(value, trace)) as never[]));
  } finally {
    tracing.pop();
  }
  const read = (value: unknown): Value => valuesFor(trace, `the result of ${handle.name}`, [value], source)[0] as Value;
  const outputs: Outputs =
    returned instanceof Traced || typeof returned !== "object" || returned === null
      ? read(returned)
      : Object.fromEntries(Object.entries(returned).map(([key, value]) => [key, read(value)]));
  const flat = [...new Set("shape" in outputs ? [outputs as Value] : Object.values(outputs))];
  return { body: Object.freeze({ inputs, nodes: Object.freeze(trace.nodes), outputs: flat }), outputs };
}

function rebuild(outputs: Outputs, wrap: (value: Value) => Traced): unknown {
  return "shape" in outputs ? wrap(outputs as Value) : Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, wrap(value)]));
}

/** A traced part: its modules as records and its graph; outputs by name, or under "" when there is one. */
export interface TracedPart {
  readonly modules: readonly Module[];
  readonly graph: Graph;
  readonly outputs: Readonly<Record<string, Value>>;
}

/** Traces `forward` as the body of a nameless root whose children are the given top-level modules. */
export function tracePart(
  children: Readonly<Record<string, unknown>>,
  input: Shape,
  forward: (x: unknown) => unknown,
  source: Source,
): TracedPart {
  const root: BlockHandle = { kind: "block", name: "Root", config: [], source, children: new Map(), forward };
  for (const [key, child] of Object.entries(children)) {
    const handle = handleOf(child);
    if (handle === undefined) {
      throw new UserError({
        what: `${key} is not a block`,
        where: placeOf(source),
        found: typeof child,
        help: `give model() an instance of a block, such as ${key}: MyBlock({ … })`,
      });
    }
    // The same block instance may be traced for a second model.
    root.children.set(key, handle);
    Object.assign(handle, { owner: root, key });
  }
  const part: PartTrace = { modules: new Map(), used: new Set() };
  const modules = [...root.children.values()].map((handle) => recordModule(handle, part));
  const { body, outputs } = traceBody(root, [{ shape: input }], part, source);
  const unused = [...part.modules.keys()].find((handle) => !part.used.has(handle));
  if (unused !== undefined) {
    throw new UserError({
      what: `${pathOf(unused)} is never used`,
      where: placeOf(unused.source),
      module: pathOf(unused),
      op: labelOf(unused),
      help: "apply it in its block's function, or leave it out of layers()",
    });
  }
  return { modules, graph: body, outputs: "shape" in outputs ? { "": outputs as Value } : outputs };
}

function recordModule(handle: Handle, part: PartTrace): Module {
  const path = pathOf(handle);
  const module: Module =
    handle.kind === "layer"
      ? {
          kind: "layer",
          path,
          op: handle.op,
          attrs: handle.attrs,
          params: (handle.op.params?.(handle.attrs) ?? []).map((spec) => Object.freeze({ ...spec, path: `${path}.${spec.role}` })),
        }
      : {
          kind: "block",
          path,
          name: handle.name,
          config: handle.config,
          children: [...handle.children.values()].map((child) => recordModule(child, part)),
        };
  part.modules.set(handle, Object.freeze(module));
  return module;
}
