/** What the IR says of every block instance: its children and the body of its calls. */
import { UserError } from "../../errors/index.ts";
import type { Block, CallNode, Graph, Module, Node } from "../../ir/model.ts";
import { placeOf } from "../../ir/source.ts";

export interface Instance {
  readonly block: Block;
  readonly body: Graph;
  /** 1 + the largest height of a block among the children. */
  readonly height: number;
}

/** An attribute of a class: one child, a list of them under `key.0`, `key.1`, …, or a record of them under other names. */
export interface Attribute {
  readonly key: string;
  readonly kind: "one" | "list" | "record";
  /** The names behind the key, of lists and records. */
  readonly names: readonly string[];
  readonly modules: readonly Module[];
}

export function attributesOf(block: Block): readonly Attribute[] {
  const attributes = new Map<string, { key: string; names: string[]; modules: Module[] }>();
  for (const module of block.children) {
    const [key = "", name] = module.path.slice(block.path === "" ? 0 : block.path.length + 1).split(".");
    const attribute = attributes.get(key) ?? { key, names: [], modules: [] };
    if (name !== undefined) attribute.names.push(name);
    attribute.modules.push(module);
    attributes.set(key, attribute);
  }
  return [...attributes.values()].map((attribute) => ({ ...attribute, kind: kindOf(attribute.names) }));
}

function kindOf(names: readonly string[]): Attribute["kind"] {
  if (names.length === 0) return "one";
  return names.every((name, i) => name === String(i)) ? "list" : "record";
}

/** How the forward of a block reads its children: `self.down[0]`, `self.features["2"]`, by their paths. */
export function membersOf(block: Block): ReadonlyMap<string, string> {
  const members = attributesOf(block).flatMap(({ key, kind, names, modules }) =>
    modules.map((module, i) => {
      const name = names[i] ?? "";
      const index = { one: "", list: `[${name}]`, record: `["${name}"]` }[kind];
      return [module.path, `self.${key}${index}`] as const;
    }),
  );
  return new Map(members);
}

/** Where a module stands in a list of `length`. */
export interface Member {
  readonly list: string;
  readonly index: number;
  readonly length: number;
}

/** The members of lists, by their modules. */
export function listsOf(owner: Block): ReadonlyMap<Module, Member> {
  const lists = attributesOf(owner).filter(({ kind }) => kind === "list");
  return new Map(
    lists.flatMap(({ key, modules }) =>
      modules.map((module, index) => [module, { list: key, index, length: modules.length }] as const),
    ),
  );
}

/** Every block instance that the graphs call, children before parents. */
export function instancesOf(graphs: readonly Graph[]): readonly Instance[] {
  const calls = new Map<Block, CallNode[]>();
  for (const graph of graphs) for (const call of callsIn(graph)) calls.set(call.block, [...(calls.get(call.block) ?? []), call]);
  const heights = new Map<Block, number>();
  const height = (block: Block): number => {
    const known = heights.get(block);
    if (known !== undefined) return known;
    const below = block.children.flatMap((child) => (child.kind === "block" ? [height(child)] : []));
    const own = 1 + Math.max(0, ...below);
    heights.set(block, own);
    return own;
  };
  const instances = [...calls].map(([block, [first, ...others]]) => {
    if (first === undefined) throw new Error(`${block.path} is never called`);
    for (const other of others) refuseOtherBody(block, first, other);
    return { block, body: first.body, height: height(block) };
  });
  return instances.sort((a, b) => a.height - b.height);
}

function* callsIn(graph: Graph): Generator<CallNode> {
  for (const node of graph.nodes) {
    if (node.kind !== "call") continue;
    yield* callsIn(node.body);
    yield node;
  }
}

/** A module has one forward: a block that computes differently from call to call cannot be one. */
function refuseOtherBody(block: Block, first: CallNode, other: CallNode): void {
  const describe = (node: Node): string =>
    node.kind === "op" ? `${node.op.name} ${JSON.stringify(node.attrs)} ${node.layer?.path ?? ""}` : node.block.path;
  const [a, b] = [first, other].map((call) => call.body.nodes.map(describe));
  if (a?.join("\n") === b?.join("\n")) return;
  throw new UserError({
    what: `${block.name} computes something else in its second call`,
    where: placeOf(other.source),
    module: block.path,
    expected: a?.find((line, i) => line !== b?.[i]) ?? "nothing more",
    found: b?.find((line, i) => line !== a?.[i]) ?? "nothing more",
    help: "use two instances, or make the difference a layer of its own",
  });
}

/** The nodes that the outputs depend on. */
export function neededNodes(graph: Graph): readonly Node[] {
  const needed = new Set(graph.outputs);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    node.inputs.forEach((value) => needed.add(value));
    nodes.unshift(node);
  }
  return nodes;
}
