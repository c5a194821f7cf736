import { must } from "../errors/must.ts";
import type { Block, Body, CallNode, Graph, Layer, Member, Model, Module, Node, OpNode, Param, Part, Value } from "./model.ts";

/** All modules in definition order, parents before children. */
export function* modulesOf(modules: readonly Module[]): Generator<Module> {
  for (const module of modules) {
    yield module;
    if (module.kind === "block") yield* modulesOf(module.children);
  }
}

/** The modules at the top of parts; one that several share stands there once. */
export function topModules(parts: readonly Pick<Part, "modules">[]): readonly Module[] {
  return [...new Set(parts.flatMap(({ modules }) => modules))];
}

/** The modules of a member, in order. */
export function modulesIn(member: Member): readonly Module[] {
  if (member.kind === "list") return member.items.flatMap(modulesIn);
  return member.kind === "record" ? member.entries.flatMap(([, entry]) => modulesIn(entry)) : [member];
}

export function* layersOf(modules: readonly Module[]): Generator<Layer> {
  for (const module of modulesOf(modules)) if (module.kind === "layer") yield module;
}

/** Parameters and buffers in definition order; a module that is called twice appears once. */
export function* paramsOf(modules: readonly Module[]): Generator<Param> {
  for (const layer of layersOf(modules)) yield* layer.params;
}

/** What a call does, apart from what it is given. */
export function bodyOf({ body, returns, named }: CallNode): Body {
  return { graph: body, returns, ...(named === undefined ? {} : { named }) };
}

/** An op node in running order, with the blocks whose calls contain it, outermost first. */
export interface Step {
  readonly node: OpNode;
  readonly blocks: readonly Block[];
}

/** The op nodes of a graph with the calls opened. Values of bodies are not yet joined to those of the callers. */
export function* stepsOf(graph: Graph, blocks: readonly Block[] = []): Generator<Step> {
  for (const node of graph.nodes) {
    if (node.kind === "op") yield { node, blocks };
    else yield* stepsOf(node.body, [...blocks, node.block]);
  }
}

/** Every value that a graph defines, bodies of calls included. */
export function* valuesOf(graph: Graph): Generator<Value> {
  yield* graph.inputs;
  for (const node of graph.nodes) {
    if (node.kind === "call") yield* valuesOf(node.body);
    yield* node.outputs;
  }
}

/** Those that inference runs, which are not there for training alone. */
export function inferencePartsOf({ parts }: Pick<Model, "parts">): readonly Part[] {
  return parts.filter(({ trainingOnly }) => trainingOnly !== true);
}

/** The nodes on which the outputs depend, in order. */
export function neededNodes({ nodes, outputs }: Pick<Graph, "nodes" | "outputs">): readonly Node[] {
  const values = new Set(outputs);
  return nodes
    .toReversed()
    .filter((node) => {
      const needed = node.outputs.some((value) => values.has(value));
      if (needed) for (const value of node.inputs) values.add(value);
      return needed;
    })
    .toReversed();
}

/**
 * The modules on which the outputs depend, in the call that makes them: of a block that returns several results, those of the results that are read,
 * and of what it is given, that of which these are made.
 */
export function neededModules(graph: Graph): ReadonlySet<Module> {
  const modules = new Set<Module>();
  collectNeeded(graph, graph.outputs, modules);
  return modules;
}

/** The values on which the outputs depend; of what a call is given, what it reads. */
export function neededValues(graph: Graph): ReadonlySet<Value> {
  return collectNeeded(graph, graph.outputs, new Set());
}

/** The values of a graph on which some of its outputs depend. */
function collectNeeded({ nodes }: Graph, outputs: readonly Value[], modules: Set<Module>): ReadonlySet<Value> {
  const values = new Set(outputs);
  for (const node of nodes.toReversed()) {
    const read = node.outputs.map((value) => values.has(value));
    if (!read.includes(true)) continue;
    let inputs = node.inputs;
    if (node.kind === "call") {
      const { body } = node;
      modules.add(node.block);
      const inside = collectNeeded(
        body,
        body.outputs.filter((_, i) => read[i]),
        modules,
      );
      inputs = inputs.filter((_, i) => inside.has(must(body.inputs[i], "the body's input")));
    } else if (node.layer !== undefined) modules.add(node.layer);
    for (const value of inputs) values.add(value);
  }
  return values;
}

export function partOf(model: Model, name: string): Part | undefined {
  return model.parts.find((part) => part.name === name);
}
