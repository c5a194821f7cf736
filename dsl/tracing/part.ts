/** A part of a model: its blocks become records, its function a graph. */
import { UserError } from "../../src/errors/index.ts";
import type { Graph, Module, Value } from "../../src/ir/model.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { traceBody } from "./call.ts";
import { handleOf, labelOf, pathOf, type BlockHandle, type Handle } from "./handles.ts";
import type { PartTrace } from "./trace.ts";

/** A traced part: its modules as records and its graph; outputs by name, or under "" when there is one. */
export interface TracedPart {
  readonly modules: readonly Module[];
  readonly graph: Graph;
  readonly outputs: Readonly<Record<string, Value>>;
}

/** Traces `forward` as the body of a nameless root whose children are the given top-level modules; one under "" is itself the top. */
export function tracePart(
  children: Readonly<Record<string, unknown>>,
  inputs: readonly Shape[],
  forward: (...inputs: never[]) => unknown,
  source: Source,
): TracedPart {
  const root: BlockHandle = { kind: "block", name: "Root", config: [], source, children: new Map(), forward };
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
  const { body, outputs } = traceBody(
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
  return { modules, graph: body, outputs: outputs.values };
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
          params: (handle.op.params?.(handle.attrs) ?? []).map((spec) =>
            Object.freeze({ ...spec, path: `${path}.${spec.role}` }),
          ),
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
