import type { Node, Value } from "../ir/model.ts";
import { flat, live, withGraph, type PartPass } from "./pass.ts";

/** Removes nodes whose results nothing uses. */
export const deadCode: PartPass = {
  name: "deadCode",
  doc: "Removes nodes whose results nothing uses.",
  requires: [flat],
  ensures: [live],
  run(part) {
    const live = new Set<Value>(part.graph.outputs);
    const nodes: Node[] = [];
    for (const node of part.graph.nodes.toReversed()) {
      if (!node.outputs.some((value) => live.has(value))) continue;
      for (const value of node.inputs) live.add(value);
      nodes.push(node);
    }
    return withGraph(part, nodes.toReversed());
  },
};
