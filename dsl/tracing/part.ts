/** A part of a model: its blocks become records, its function a graph. */
import { UserError } from "../../src/errors/index.ts";
import type { Block, Graph, Layer, Member, Module, Value } from "../../src/ir/model.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { modulesIn } from "../../src/ir/walk.ts";
import { traceBody } from "./call.ts";
import { handleOf, labelOf, pathOf, type BlockHandle, type Handle, type LayerHandle, type Named } from "./handles.ts";
import type { PartTrace } from "./trace.ts";

/** A traced part: its modules as records and its graph; outputs by name, or under "" when there is one. */
export interface TracedPart {
  readonly modules: readonly Module[];
  readonly graph: Graph;
  readonly outputs: Readonly<Record<string, Value>>;
}

/** A block of no author: what stands around the modules of a part. */
export function rootHandle(source: Source, forward: BlockHandle["forward"]): BlockHandle {
  const build = (): never => {
    throw new Error("a root is not built again");
  };
  const definition = { name: "Root", source, build };
  return { kind: "block", name: "Root", config: [], source, definition, members: [], children: new Map(), forward };
}

/** Traces `forward` as the body of a nameless root whose children are the given top-level modules; one under "" is itself the top. */
export function tracePart(
  children: Readonly<Record<string, unknown>>,
  inputs: readonly Shape[],
  forward: (...inputs: never[]) => unknown,
  source: Source,
): TracedPart {
  const root = rootHandle(source, forward);
  for (const [key, child] of Object.entries(children)) {
    const handle = handleOf(child);
    if (handle === undefined) {
      throw new UserError({
        what: `${key === "" ? "this" : key} is not a block`,
        where: placeOf(source),
        found: typeof child,
        help: `give an instance of a block, such as ${key === "" ? "" : `${key}: `}MyBlock({ … })`,
      });
    }
    // The same block instance may be traced for a second model.
    root.children.set(key, handle);
    Object.assign(handle, { owner: root, key });
  }
  const part: PartTrace = { modules: new Map(), used: new Set() };
  const modules = [...root.children.values()].map((handle) => recordModule(handle, part));
  const { graph, returns } = traceBody(
    root,
    inputs.map((shape) => ({ shape })),
    part,
    source,
  );
  // Of a block that is not called, the block and not what it holds.
  const reached = (owner: BlockHandle | undefined): boolean => owner === root || (owner !== undefined && part.used.has(owner));
  const unused = [...part.modules.keys()].find((handle) => !part.used.has(handle) && reached(handle.owner));
  if (unused !== undefined) {
    throw new UserError({
      what: `${pathOf(unused)} is never used`,
      where: placeOf(unused.source),
      module: pathOf(unused),
      op: labelOf(unused),
      help: "apply it in its block's function, or leave it out of layers()",
    });
  }
  const outputs = returns.entries.map(([key, output]) => [key, graph.outputs[output] as Value] as const);
  return { modules, graph, outputs: Object.fromEntries(outputs) };
}

export function recordModule(handle: Handle, part: PartTrace): Module {
  const path = pathOf(handle);
  const module = handle.kind === "layer" ? recordLayer(handle, path) : recordBlock(handle, path, part);
  part.modules.set(handle, Object.freeze(module));
  return module;
}

function recordLayer({ op, attrs, defaulted }: LayerHandle, path: string): Layer {
  const params = (op.params?.(attrs) ?? []).map((spec) => Object.freeze({ ...spec, path: `${path}.${spec.role}` }));
  return { kind: "layer", path, op, attrs, defaulted, params };
}

function recordBlock({ name, config, definition, members: named, rebuilt }: BlockHandle, path: string, part: PartTrace): Block {
  if (rebuilt !== undefined) return { ...rebuilt.block, path };
  const record = (member: Named): Member => {
    if (member.kind === "list") return { kind: "list", items: member.items.map(record) };
    if (member.kind !== "record") return recordModule(member, part);
    return { kind: "record", entries: member.entries.map(([key, entry]) => [key, record(entry)] as const) };
  };
  const members = named.map(([key, member]) => [key, record(member)] as const);
  const children = members.flatMap(([, member]) => modulesIn(member));
  return { kind: "block", path, name, config, members, children, definition };
}
