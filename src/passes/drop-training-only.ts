import { must } from "../errors/must.ts";
import type { Node, Value } from "../ir/model.ts";
import { flat, inferenceOnly, withGraph, type PartPass } from "./pass.ts";

/** Removes ops that do nothing at inference, such as dropout. */
export const dropTrainingOnly: PartPass = {
  name: "dropTrainingOnly",
  doc: "Removes ops that do nothing at inference.",
  requires: [flat],
  ensures: [inferenceOnly],
  run(part) {
    const replaced = new Map<Value, Value>();
    const resolve = (value: Value): Value => replaced.get(value) ?? value;
    const nodes: Node[] = [];
    for (const node of part.graph.nodes) {
      const inputs = node.inputs.map(resolve);
      if (node.kind === "op" && node.op.trainingOnly === true) {
        node.outputs.forEach((value, i) => replaced.set(value, must(inputs[i], `input ${i} of ${node.op.name}`)));
      } else nodes.push(Object.freeze({ ...node, inputs }));
    }
    return withGraph(part, nodes, part.graph.outputs.map(resolve));
  },
};
