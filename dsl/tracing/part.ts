/** A part of a model: its blocks become records, its function a graph. */
import { must } from "../../src/errors/must.ts";
import { UserError } from "../../src/errors/index.ts";
import type { Block, Graph, Layer, Member, Module, Value } from "../../src/ir/model.ts";
import { parameterPath } from "../../src/ir/parameter-path.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { modulesIn, neededModules } from "../../src/ir/walk.ts";
import { traceBody } from "./call.ts";
import { parametersIn } from "./code-text.ts";
import { handleOf, labelOf, pathOf, type BlockHandle, type Handle, type LayerHandle, type Named } from "./handles.ts";
import { newPart, type PartTrace } from "./trace.ts";

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
  const definition = { name: "Root", source, code: "", parameters: [], build };
  return { kind: "block", name: "Root", config: [], source, definition, members: [], children: new Map(), forward };
}

/** What the parts of a model have in common. */
export interface Sharing {
  /** What earlier parts recorded: an instance that stands in several is one module. */
  readonly trace: PartTrace;
  /** The modules on which outputs of earlier parts depend. */
  readonly needed: Set<Module>;
  /** The stages of later parts: what this one leaves unused, those may use. */
  readonly later: ReadonlySet<Handle>;
}

export function sharing(): Sharing {
  return { trace: newPart(), needed: new Set(), later: new Set() };
}

/**
 * Traces `forward` as the body of a nameless root whose children are the given top-level modules; one under "" is itself the top. `name` is what
 * messages call the whole.
 */
export function tracePart(
  children: Readonly<Record<string, unknown>>,
  inputs: readonly Shape[],
  forward: (...inputs: never[]) => unknown,
  source: Source,
  name: string,
  { trace: part, needed, later }: Sharing = sharing(),
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
    checkOneName(handle, key, root, part, source);
    // The same block instance may be traced for a second model.
    root.children.set(key, handle);
    Object.assign(handle, { owner: root, key });
  }
  const modules = [...root.children.values()].map((handle) => recordModule(handle, part));
  const { graph, returns } = traceBody(
    root,
    inputs.map((shape) => ({ shape })),
    part,
    source,
  );
  const own = neededModules(graph);
  for (const module of own) needed.add(module);
  checkNeeded({ needed, later, trace: part }, own, root, name);
  const outputs = returns.entries.map(([key, output]) => [key, graph.outputs[output] as Value] as const);
  return { modules, graph, outputs: Object.fromEntries(outputs) };
}

/** Refuses one instance under two names, which weights are stored and trained once by. */
function checkOneName(handle: Handle, key: string, root: BlockHandle, part: PartTrace, source: Source): void {
  const other = handle.owner === root ? handle.key : part.modules.get(handle)?.path;
  if (other === undefined || (other === key && handle.owner !== root)) return;
  throw new UserError({
    what: `${key} is the instance that is called ${other} already`,
    where: placeOf(source),
    module: key,
    help: "give it the same name in both parts, which then share its weights, or make a second instance",
  });
}

/** Refuses modules whose results reach no output: what they hold would be counted, stored and trained for nothing. */
function checkNeeded({ trace: part, needed, later }: Sharing, own: ReadonlySet<Module>, root: BlockHandle, name: string): void {
  const topOf = (handle: Handle): Handle => (handle.owner === undefined || handle.owner === root ? handle : topOf(handle.owner));
  // A part uses each of its stages; what stands in a shared one, the parts use together.
  const isChecked = (handle: Handle): boolean => {
    const top = topOf(handle);
    return top.owner === root && (top === handle || !later.has(top));
  };
  const isNeeded = (handle: Handle): boolean =>
    (handle.owner === root ? own : needed).has(must(part.modules.get(handle), pathOf(handle)));
  // Of a block that is not needed, the block and not what it holds.
  const reached = ({ owner }: Handle): boolean => owner === root || (owner !== undefined && isNeeded(owner));
  const dead = [...part.modules.keys()].find((handle) => isChecked(handle) && reached(handle) && !isNeeded(handle));
  if (dead === undefined) return;
  const used = part.used.has(dead);
  throw new UserError({
    what: used ? `the result of ${pathOf(dead)} reaches no output of the ${name}` : `${pathOf(dead)} is never used`,
    where: placeOf(dead.source),
    module: pathOf(dead),
    op: labelOf(dead),
    help: used
      ? "use what it returns in what its block's function returns, or leave it out of layers()"
      : "apply it in its block's function, or leave it out of layers()",
  });
}

export function recordModule(handle: Handle, part: PartTrace): Module {
  const known = part.modules.get(handle);
  if (known !== undefined) return known;
  const path = pathOf(handle);
  const module = handle.kind === "layer" ? recordLayer(handle, path) : recordBlock(handle, path, part);
  part.modules.set(handle, Object.freeze(module));
  return module;
}

function recordLayer({ op, attrs, defaulted }: LayerHandle, path: string): Layer {
  const params = (op.params?.(attrs) ?? []).map((spec) => Object.freeze({ ...spec, path: parameterPath(path, spec.role) }));
  return { kind: "layer", path, op, attrs, defaulted, params };
}

function recordBlock(
  { name, config, definition, forward, members: named, rebuilt }: BlockHandle,
  path: string,
  part: PartTrace,
): Block {
  if (rebuilt !== undefined) return { ...rebuilt.block, path };
  const record = (member: Named): Member => {
    if (member.kind === "list") return { kind: "list", items: member.items.map(record) };
    if (member.kind !== "record") return recordModule(member, part);
    return { kind: "record", entries: member.entries.map(([key, entry]) => [key, record(entry)] as const) };
  };
  const members = named.map(([key, member]) => [key, record(member)] as const);
  const children = members.flatMap(([, member]) => modulesIn(member));
  const inputs = parametersIn(String(forward));
  return { kind: "block", path, name, config, members, children, definition, inputs };
}
