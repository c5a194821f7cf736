import { must } from "../errors/must.ts";
import type { Graph, Layer, OpNode, Value } from "../ir/model.ts";
import { inputsOf, type Composition } from "../ir/op.ts";
import { parameterPath } from "../ir/parameter-path.ts";
import { flat, withGraph, type PartPass } from "./pass.ts";

/** Opens every call: the body's values become the caller's. So does a composition of the op's that it makes up. */
export const inline: PartPass = {
  name: "inline",
  doc: "Replaces calls of blocks by their bodies, and ops by those that make them up.",
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
    const [label, results] =
      node.kind === "call"
        ? [node.block.path, open(node.body, arguments_, nodes)]
        : [node.op.name, opened(Object.freeze({ ...node, inputs: arguments_ }), nodes)];
    results.forEach((value, i) => outer.set(must(node.outputs[i], `output ${i} of ${label}`), value));
  }
  return graph.outputs.map(resolve);
}

/** Adds an op, or those that make it up, and returns its outputs. */
function opened(node: OpNode, nodes: OpNode[]): readonly Value[] {
  const { op, attrs, inputs, outputs } = node;
  if (op.compose === undefined) {
    nodes.push(node);
    return outputs;
  }
  const shapes = inputs.map(({ shape }) => shape);
  return openComposition(op.compose(inputsOf(op, shapes), attrs), node, nodes);
}

function openComposition({ inputs, steps, outputs }: Composition, node: OpNode, nodes: OpNode[]): readonly Value[] {
  const { layer, scope, source } = node;
  const outer = new Map(inputs.map((value, i) => [value, must(node.inputs[i], `input ${i} of ${node.op.name}`)]));
  const resolve = (value: Value): Value => outer.get(value) ?? value;
  for (const { op, attrs, role, ...step } of steps) {
    const read = role === undefined || layer === undefined ? undefined : parameterLayer(layer, role, { op, attrs });
    const inner = { kind: "op", op, attrs, defaulted: [], layer: read, scope: layer?.path ?? scope, source } as const;
    const results = opened(Object.freeze({ ...inner, inputs: step.inputs.map(resolve), outputs: step.outputs }), nodes);
    step.outputs.forEach((value, i) => outer.set(value, must(results[i], `output ${i} of ${op.name}`)));
  }
  return outputs.map(resolve);
}

/** What reads a parameter of a composed layer, under the parameter's own path. */
function parameterLayer({ path, params }: Layer, role: string, reads: Pick<Layer, "op" | "attrs">): Layer {
  const param = must(
    params.find((each) => each.role === role),
    `the ${role} of ${path}`,
  );
  return Object.freeze({
    kind: "layer",
    path: parameterPath(path, role),
    ...reads,
    defaulted: [],
    params: [{ ...param, role: "" }],
  });
}
