import { nonEmpty } from "../errors/must.ts";
import type { Graph, Model, Part, Value } from "./model.ts";
import { formatShape, sameShape } from "./shape.ts";
import { paramsOf } from "./walk.ts";

/** Checks what the type system cannot: a violation is a bug of the compiler, not of its user. */
export function verifyModel(model: Model): void {
  for (const part of model.parts) verifyPart(part);
}

export function verifyPart(part: Part<string>): void {
  const paths = new Set<string>();
  for (const { path } of paramsOf(part.modules)) {
    if (paths.has(path)) throw new Error(`two parameters are called ${path}`);
    paths.add(path);
  }
  if (part.graph.inputs.length !== part.inputNames.length) throw new Error(`${part.name} names ${part.inputNames.length} inputs`);
  if (part.graph.outputs.length !== part.outputNames.length) {
    throw new Error(`${part.name} names ${part.outputNames.length} outputs`);
  }
  verifyGraph(part.graph, part.name);
}

function verifyGraph(graph: Graph, where: string): void {
  const defined = new Set<Value>(graph.inputs);
  const use = (value: Value, user: string): void => {
    if (!defined.has(value)) throw new Error(`${user} in ${where} uses a value before it is defined`);
  };
  const define = (value: Value, user: string): void => {
    if (defined.has(value)) throw new Error(`${user} in ${where} defines a value twice`);
    defined.add(value);
  };
  for (const node of graph.nodes) {
    const label = node.kind === "op" ? node.op.name : node.block.path;
    for (const value of node.inputs) use(value, label);
    for (const value of node.outputs) define(value, label);
    const shapes = node.outputs.map((value) => value.shape);
    let expected: readonly Value["shape"][];
    if (node.kind === "op") {
      expected = node.op.infer(
        nonEmpty(
          node.inputs.map((value) => value.shape),
          `every input of ${label} in ${where}`,
        ),
        node.attrs,
      );
      if ((node.op.params !== undefined) !== (node.layer !== undefined && node.layer.params.length > 0)) {
        throw new Error(`${label} in ${where} and its layer disagree about parameters`);
      }
    } else {
      verifyGraph(node.body, node.block.path);
      expected = node.body.outputs.map((value) => value.shape);
      node.body.inputs.forEach((value, i) => expectShape(node.inputs[i]?.shape, value.shape, label));
    }
    expected.forEach((shape, i) => expectShape(shapes[i], shape, label));
  }
  for (const value of graph.outputs) use(value, "the result");
}

function expectShape(found: Value["shape"] | undefined, expected: Value["shape"], label: string): void {
  if (found !== undefined && sameShape(found, expected)) return;
  throw new Error(
    `${label} records ${found === undefined ? "no shape" : formatShape(found)} where ${formatShape(expected)} follows`,
  );
}
