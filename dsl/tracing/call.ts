/** Calls: a block's function run on features, its body recorded anew for every call. */
import type { Block, Body, CallNode, Returns, Value } from "../../src/ir/model.ts";
import { UserError, type Report } from "../../src/errors/index.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { must } from "../../src/errors/must.ts";
import { neededNodes } from "../../src/ir/walk.ts";
import { checkedForAuthor } from "../arguments.ts";
import { pathOf, type BlockHandle } from "./handles.ts";
import { currentTrace, markUsed, Traced, tracing, valueFor, valuesFor, type PartTrace, type Trace } from "./trace.ts";

/** Runs a block's function on fresh inputs of the same shapes and records the call. */
export function callBlock(handle: BlockHandle, inputs: readonly unknown[], source: Source): unknown {
  const outer = currentTrace(source, handle.name);
  markUsed(outer, handle, handle.name, source);
  const at = (): Pick<Report, "where" | "module"> => ({ where: placeOf(source), module: pathOf(handle) });
  // What was built before has been called with as many.
  const given =
    handle.rebuilt === undefined ? checkedForAuthor(handle.forward, inputs, "feature", { called: handle.name, at }) : inputs;
  const { values: all, named: names } = valuesGiven(outer, handle.name, given, source);
  const shapes = all.map(({ shape }) => shape);
  const {
    graph: body,
    returns,
    named,
  } = withoutUnread(handle.rebuilt?.trace(shapes, names) ?? traceBody(handle, all, outer.part, source, names));
  const first = all.length - (names?.length ?? 0);
  const values = all.filter((_, i) => i < first || named?.includes(must(names?.[i - first], "a name")) === true);
  checkAlike(outer, handle, named, source);
  const results = body.outputs.map((value): Value => Object.freeze({ shape: value.shape }));
  const node: CallNode = {
    kind: "call",
    block: outer.part.modules.get(handle) as Block,
    body,
    returns,
    ...(named === undefined ? {} : { named }),
    inputs: values,
    outputs: results,
    source,
  };
  outer.nodes.push(Object.freeze(node));
  return rebuild(
    returns,
    results.map((value) => new Traced(value, outer)),
  );
}

/** The values behind what a block is given; features in a record come last, in the order of their names. */
function valuesGiven(
  trace: Trace,
  called: string,
  inputs: readonly unknown[],
  source: Source,
): Pick<Body, "named"> & { readonly values: readonly Value[] } {
  const record = inputs.length > 1 ? recordIn(inputs.at(-1)) : undefined;
  if (record === undefined) return { values: valuesFor(trace, called, inputs, source) };
  const help = "put features into the record, each under its name";
  const named = Object.keys(record)
    .filter((name) => record[name] !== undefined)
    .sort();
  const inside = named.map((name) =>
    valueFor(trace, record[name], { what: `${name}, given to ${called},`, op: called, help }, source),
  );
  return { values: [...valuesFor(trace, called, inputs.slice(0, -1), source), ...inside], named };
}

function recordIn(input: unknown): Readonly<Record<string, unknown>> | undefined {
  const plain = typeof input === "object" && input !== null && Object.getPrototypeOf(input) === Object.prototype;
  return plain ? (input as Readonly<Record<string, unknown>>) : undefined;
}

/** By the body as it was traced, so that bodies which are shared stay so. */
const read = new WeakMap<Body, Body>();

/** The body without those features of the record that it does not read. */
function withoutUnread(body: Body): Body {
  const { graph, named, returns } = body;
  if (named === undefined) return body;
  const known = read.get(body);
  if (known !== undefined) return known;
  const used = new Set([...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs]);
  const first = graph.inputs.length - named.length;
  const isKept = (place: number): boolean => used.has(must(graph.inputs[first + place], "a feature of the record"));
  const kept = named.filter((_, place) => isKept(place));
  const inputs = graph.inputs.filter((_, i) => i < first || isKept(i - first));
  const found = kept.length === named.length ? body : { graph: Object.freeze({ ...graph, inputs }), returns, named: kept };
  read.set(body, found);
  return found;
}

/** Refuses to call an instance with other names than before: its class in Python has one forward. */
function checkAlike({ part }: Trace, handle: BlockHandle, named: Body["named"], source: Source): void {
  const before = part.named.has(handle) ? part.named.get(handle) : named;
  part.named.set(handle, named);
  if (JSON.stringify(before) === JSON.stringify(named)) return;
  throw new UserError({
    what: `${handle.name} reads other features of its record than where it was called before`,
    where: placeOf(source),
    module: pathOf(handle) || undefined,
    expected: describeNames(before),
    found: describeNames(named),
    help: "give one instance the same features wherever it is called, or make a second instance",
  });
}

function describeNames(named: Body["named"]): string {
  if (named === undefined) return "no record";
  return named.length === 0 ? "none of them" : named.join(", ");
}

/** `named` are the names of the last values, which the function gets in a record. */
export function traceBody(
  handle: BlockHandle,
  values: readonly Value[],
  part: PartTrace,
  source: Source,
  named?: Body["named"],
): Body {
  const trace: Trace = { block: handle, nodes: [], part };
  const inputs = values.map((value): Value => Object.freeze({ shape: value.shape }));
  // What overflows the stack inside leaves its own behind.
  const around = tracing.length;
  let returned: unknown;
  try {
    tracing.push(trace);
    const features = inputs.map((value) => new Traced(value, trace));
    const first = features.length - (named?.length ?? 0);
    const record = named?.map((name, i) => [name, features[first + i]] as const);
    const given = record === undefined ? features : [...features.slice(0, first), Object.fromEntries(record)];
    returned = handle.forward(...(given as never[]));
  } finally {
    tracing.length = around;
  }
  const kind =
    returned instanceof Traced || typeof returned !== "object" || returned === null
      ? "one"
      : Array.isArray(returned)
        ? "list"
        : "record";
  const results = kind === "one" ? [["", returned] as const] : Object.entries(returned as Readonly<Record<string, unknown>>);
  const help = "return from the block's function what its last layer returned";
  if (results.length === 0) {
    throw new UserError({
      what: `the function of ${handle.name} returns no feature`,
      where: placeOf(source),
      module: pathOf(handle) || undefined,
      expected: "a feature, or features in a list or under names",
      found:
        returned instanceof Promise
          ? "a Promise: the function is async"
          : kind === "list"
            ? "an empty list"
            : "an object with no keys",
      help: returned instanceof Promise ? "leave async and await out: layers are applied at once" : help,
    });
  }
  const outputs: Value[] = [];
  const entries = results.map(([key, result]) => {
    const what = `${key === "" ? "" : `"${key}" in `}the result of ${handle.name}`;
    const value = valueFor(trace, result, { what, help }, source);
    if (!outputs.includes(value)) outputs.push(value);
    return [key, outputs.indexOf(value)] as const;
  });
  // What reaches no result is no part of the body: nothing counts it, and nothing writes it.
  const nodes = Object.freeze(neededNodes({ nodes: trace.nodes, outputs }));
  const body = { graph: Object.freeze({ inputs, nodes, outputs }), returns: { kind, entries } } as const;
  return named === undefined ? body : { ...body, named };
}

/** The features in the form in which the function returned them. */
function rebuild({ kind, entries }: Returns, features: readonly Traced[]): unknown {
  const named = entries.map(([key, output]) => [key, features[output]] as const);
  if (kind === "record") return Object.fromEntries(named);
  return kind === "list" ? named.map(([, feature]) => feature) : named[0]?.[1];
}
