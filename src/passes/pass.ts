import type { Node, OpNode, Part } from "../ir/model.ts";
import { runInOrder, type Condition, type Pass } from "../ir/pass.ts";
import { verifyPart } from "../ir/verify.ts";

/** A pass rewrites a part into an equivalent one. */
export type PartPass = Pass<Part>;

/** Runs passes in order and verifies the part after each. */
export function runPasses(part: Part, passes: readonly PartPass[], after?: (pass: PartPass, part: Part) => void): Part {
  return runInOrder(part, passes, verifyPart, after);
}

/** No block is called, and no op is made up of others: all nodes are ops of their own. */
export const flat: Condition<Part> = {
  name: "flat",
  broken(part) {
    for (const node of part.graph.nodes) {
      if (node.kind === "call") return `${node.block.path} is called`;
      if (node.op.compose !== undefined) return `${labelOf(node)} is made up of others`;
    }
    return undefined;
  },
};

/** No op is there for training alone. */
export const inferenceOnly = withoutOps("free of what training alone needs", (node) => node.op.trainingOnly === true);

/** No layer has a plainer one that it equals. */
export const folded = withoutOps("folded", (node) => node.op.fold !== undefined);

/** Something uses each node. */
export const live: Condition<Part> = {
  name: "free of dead code",
  broken(part) {
    const used = new Set([...part.graph.outputs, ...part.graph.nodes.flatMap((node) => node.inputs)]);
    const dead = part.graph.nodes.find((node) => !node.outputs.some((value) => used.has(value)));
    return dead && `nothing uses ${labelOf(dead)}`;
  },
};

function withoutOps(name: string, wrong: (node: OpNode) => boolean): Condition<Part> {
  return {
    name,
    broken(part) {
      const found = part.graph.nodes.find((node) => node.kind === "op" && wrong(node));
      return found && `it has ${labelOf(found)}`;
    },
  };
}

function labelOf(node: Node): string {
  if (node.kind === "call") return node.block.path;
  return `${node.op.name} in ${node.layer?.path ?? node.scope}`;
}

/** The part with other nodes and outputs. */
export function withGraph(part: Part, nodes: Part["graph"]["nodes"], outputs = part.graph.outputs): Part {
  return Object.freeze({ ...part, graph: Object.freeze({ inputs: part.graph.inputs, nodes: Object.freeze(nodes), outputs }) });
}
