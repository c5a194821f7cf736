/** Calls: a block's function run on features, its body recorded anew for every call. */
import type { Block, CallNode, Graph, Value } from "../../src/ir/model.ts";
import type { Source } from "../../src/ir/source.ts";
import type { BlockHandle } from "./handles.ts";
import { currentTrace, markUsed, Traced, tracing, valueFor, valuesFor, type PartTrace, type Trace } from "./trace.ts";

/** Runs a block's function on fresh inputs of the same shapes and records the call. */
export function callBlock(handle: BlockHandle, inputs: readonly unknown[], source: Source): unknown {
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

/** What a block's function returned: one value (under ""), an array of them, or a record. */
export interface Outputs {
  readonly kind: "one" | "array" | "record";
  readonly values: Readonly<Record<string, Value>>;
}

export function traceBody(
  handle: BlockHandle,
  values: readonly Value[],
  part: PartTrace,
  source: Source,
): { readonly body: Graph; readonly outputs: Outputs } {
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
        ? "array"
        : "record";
  const entries = kind === "one" ? [["", returned] as const] : Object.entries(returned as Readonly<Record<string, unknown>>);
  const help = "return from the block's function what its last layer returned";
  const read = (key: string, value: unknown): Value =>
    valueFor(trace, value, { what: `${key === "" ? "" : `"${key}" in `}the result of ${handle.name}`, help }, source);
  const outputs: Outputs = { kind, values: Object.fromEntries(entries.map(([key, value]) => [key, read(key, value)])) };
  const flat = [...new Set(Object.values(outputs.values))];
  return { body: Object.freeze({ inputs, nodes: Object.freeze(trace.nodes), outputs: flat }), outputs };
}

/** The features in the form in which the function returned them. */
function rebuild({ kind, values }: Outputs, wrap: (value: Value) => Traced): unknown {
  if (kind === "record") return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, wrap(value)]));
  const features = Object.values(values).map(wrap);
  return kind === "array" ? features : features[0];
}
