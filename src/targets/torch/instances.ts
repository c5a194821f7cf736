/** What the IR says of every block instance: its children and the body of its calls. */
import { UserError } from "../../errors/index.ts";
import type { Block, CallNode, Graph, Model, Module, Node } from "../../ir/model.ts";
import { placeOf } from "../../ir/source.ts";

export interface Instance {
  readonly block: Block;
  readonly body: Graph;
  /** 1 + the largest height of a block among the children. */
  readonly height: number;
}

/** A child under one name, or several under `name.0`, `name.1`, …. */
export interface Attribute {
  readonly key: string;
  readonly list: boolean;
  readonly modules: readonly Module[];
}

export function attributesOf(block: Block): readonly Attribute[] {
  const attributes = new Map<string, { key: string; list: boolean; modules: Module[] }>();
  for (const module of block.children) {
    const [key = "", index] = module.path.slice(block.path.length + 1).split(".");
    const attribute = attributes.get(key) ?? { key, list: index !== undefined, modules: [] };
    attribute.modules.push(module);
    attributes.set(key, attribute);
  }
  return [...attributes.values()];
}

/** Every block instance of the model, children before parents. */
export function instancesOf(model: Model): readonly Instance[] {
  const calls = new Map<Block, CallNode[]>();
  for (const part of model.parts)
    for (const call of callsIn(part.graph)) calls.set(call.block, [...(calls.get(call.block) ?? []), call]);
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
