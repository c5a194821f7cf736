/** Checks a graph before anything is made of it: what is wrong here is a bug of the compiler, not of its user. */
import { InternalError, must } from "../../errors/must.ts";
import { schemaOpsets } from "../../ir/onnx-schema.ts";
import type { OnnxGraph } from "./graph.ts";
import { checkShapes } from "./shapes.ts";
import { typesOf } from "./types.ts";

/**
 * Every tensor is defined once, before its first use; nodes have the inputs, attributes and types that ONNX's schema gives their operator;
 * types and shapes are those declared; every node and initializer serves an output. InternalError otherwise.
 */
export function verifyOnnx(graph: OnnxGraph): void {
  try {
    if (!schemaOpsets.some((opset) => opset === graph.opset)) throw new InternalError(`operator set ${graph.opset} is not ours`);
    checkDefinitions(graph);
    checkTypes(graph);
    checkUses(graph);
    checkShapes(graph);
  } catch (error) {
    if (!(error instanceof InternalError)) throw error;
    throw new InternalError(`the ONNX graph of the ${graph.name} is broken: ${error.message}`, { cause: error });
  }
}

function checkDefinitions(graph: OnnxGraph): void {
  const defined = new Set<string>();
  const define = (name: string, by: string): void => {
    if (name === "") throw new InternalError(`${by} defines a tensor without a name`);
    if (defined.has(name)) throw new InternalError(`${by} defines ${name}, which is there already`);
    defined.add(name);
  };
  const nodes = new Set<string>();
  for (const { name } of graph.inputs) define(name, "an input");
  for (const { name } of graph.initializers) define(name, "an initializer");
  for (const { name, inputs, outputs } of graph.nodes) {
    if (nodes.has(name)) throw new InternalError(`two nodes are called ${name}`);
    nodes.add(name);
    for (const input of inputs) {
      if (input !== "" && !defined.has(input)) throw new InternalError(`${name} takes ${input}, which nothing before it defines`);
    }
    for (const output of outputs) define(output, name);
  }
}

/** The types of the nodes by the schema, and those that are declared. */
function checkTypes(graph: OnnxGraph): void {
  const types = typesOf(graph);
  const declared = new Set<string>();
  const made = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const { name, dtype = "float32" } of [...graph.values, ...graph.outputs]) {
    if (declared.has(name)) throw new InternalError(`${name} is declared twice`);
    declared.add(name);
    if (!made.has(name)) throw new InternalError(`${name} is declared, and no node gives it`);
    const found = must(types.get(name), `the type of ${name}`);
    if (found !== dtype) throw new InternalError(`${name} is declared ${dtype} and is ${found}`);
  }
}

function checkUses(graph: OnnxGraph): void {
  const used = new Set([...graph.outputs.map(({ name }) => name), ...graph.nodes.flatMap((node) => node.inputs)]);
  const idle = [...graph.inputs, ...graph.initializers].find(({ name }) => !used.has(name));
  if (idle !== undefined) throw new InternalError(`nothing uses ${idle.name}`);
  const dead = graph.nodes.find((node) => !node.outputs.some((output) => used.has(output)));
  if (dead !== undefined) throw new InternalError(`nothing uses what ${dead.name} gives`);
}
