/** Calls: a block's function run on features, its body recorded anew for every call. */
import type { Block, Body, CallNode, Returns, Value } from "../../src/ir/model.ts";
import { UserError, type Report } from "../../src/errors/index.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
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
  const values = valuesFor(outer, handle.name, given, source);
  const { graph: body, returns } =
    handle.rebuilt?.trace(values.map(({ shape }) => shape)) ?? traceBody(handle, values, outer.part, source);
  const results = body.outputs.map((value): Value => Object.freeze({ shape: value.shape }));
  const node: CallNode = {
    kind: "call",
    block: outer.part.modules.get(handle) as Block,
    body,
    returns,
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

export function traceBody(handle: BlockHandle, values: readonly Value[], part: PartTrace, source: Source): Body {
  const trace: Trace = { block: handle, nodes: [], part };
  const inputs = values.map((value): Value => Object.freeze({ shape: value.shape }));
  tracing.push(trace);
  let returned: unknown;
  try {
    returned = handle.forward(...(inputs.map((value) => new Traced(value, trace)) as never[]));
  } finally {
    tracing.pop();
  }
  const kind =
    returned instanceof Traced || typeof returned !== "object" || returned === null
      ? "one"
      : Array.isArray(returned)
        ? "list"
        : "record";
  const named = kind === "one" ? [["", returned] as const] : Object.entries(returned as Readonly<Record<string, unknown>>);
  const help = "return from the block's function what its last layer returned";
  if (named.length === 0) {
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
  const entries = named.map(([key, result]) => {
    const what = `${key === "" ? "" : `"${key}" in `}the result of ${handle.name}`;
    const value = valueFor(trace, result, { what, help }, source);
    if (!outputs.includes(value)) outputs.push(value);
    return [key, outputs.indexOf(value)] as const;
  });
  // What reaches no result is no part of the body: nothing counts it, and nothing writes it.
  const nodes = Object.freeze(neededNodes({ nodes: trace.nodes, outputs }));
  return { graph: Object.freeze({ inputs, nodes, outputs }), returns: { kind, entries } };
}

/** The features in the form in which the function returned them. */
function rebuild({ kind, entries }: Returns, features: readonly Traced[]): unknown {
  const named = entries.map(([key, output]) => [key, features[output]] as const);
  if (kind === "record") return Object.fromEntries(named);
  return kind === "list" ? named.map(([, feature]) => feature) : named[0]?.[1];
}
