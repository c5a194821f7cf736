import { must } from "../errors/must.ts";
import type { Graph, OpNode, Value } from "../ir/model.ts";
import { flat, withGraph, type PartPass } from "./pass.ts";

/** Opens every call: the body's values become the caller's. */
export const inline: PartPass = {
  name: "inline",
  doc: "Replaces calls of blocks by their bodies.",
  requires: [],
  ensures: [flat],
  run(part) {
    const nodes: OpNode[] = [];
    const outputs = open(part.graph, part.graph.inputs, nodes);
    return withGraph(part, nodes, outputs);
  },
};

function open(graph: Graph, inputs: readonly Value[], nodes: OpNode[]): readonly Value[] {
  const outer = new Map(graph.inputs.map((value, i) => [value, must(inputs[i], `input ${i} of a call`)]));
  const resolve = (value: Value): Value => outer.get(value) ?? value;
  for (const node of graph.nodes) {
    const arguments_ = node.inputs.map(resolve);
    if (node.kind === "op") nodes.push(Object.freeze({ ...node, inputs: arguments_ }));
    else
      open(node.body, arguments_, nodes).forEach((value, i) =>
        outer.set(must(node.outputs[i], `output ${i} of ${node.block.path}`), value),
      );
  }
  return graph.outputs.map(resolve);
}
