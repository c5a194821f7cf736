import { must } from "../errors/must.ts";
import type { Graph, OpNode, Value } from "./model.ts";

/** What is known of a graph's outputs where it is known of its inputs, and of a node's outputs where it is known of that node's. Calls are opened. */
export function fold<Known>(
  graph: Graph,
  given: readonly Known[],
  of: (node: OpNode, inputs: readonly Known[]) => Known,
): readonly Known[] {
  const known = new Map<Value, Known>(graph.inputs.map((input, i) => [input, must(given[i], "what is known of an input")]));
  const knownOf = (value: Value): Known => must(known.get(value), "what is known of a value");
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(knownOf);
    const outputs = node.kind === "call" ? fold(node.body, inputs, of) : node.outputs.map(() => of(node, inputs));
    node.outputs.forEach((output, i) => known.set(output, must(outputs[i], "what is known of an output")));
  }
  return graph.outputs.map(knownOf);
}
