/** The classes of a block's children, with what their constructors are given there. */
import type { Block, Body, CallNode, Graph } from "../../../ir/model.ts";
import { bodyOf } from "../../../ir/walk.ts";
import type { PyConstant } from "../../../ir/python.ts";
import type { ChildArguments } from "./match.ts";
import type { Sample } from "./samples.ts";
import type { ClassProgram } from "./template.ts";

/** What the classes of children give: for a block and the body of a call of it. */
export type ClassLookup = (
  block: Block,
  body: Body,
) => { readonly made: ClassProgram; readonly args: ReadonlyMap<string, PyConstant> } | undefined;

/** The body of the first call of each child. */
export function bodiesIn(graph: Graph): ReadonlyMap<Block, Body> {
  const calls = graph.nodes.filter((node): node is CallNode => node.kind === "call").toReversed();
  return new Map(calls.map((node) => [node.block, bodyOf(node)]));
}

export function childrenOf(sample: Sample, classOf: ClassLookup): ChildArguments {
  const bodies = bodiesIn(sample.body.graph);
  const known = new Map<Block, ReturnType<ClassLookup>>();
  return (block) => {
    if (known.has(block)) return known.get(block);
    const body = bodies.get(block);
    const found = body === undefined ? undefined : classOf(block, body);
    known.set(block, found);
    return found;
  };
}

export function childrenKnown(sample: Sample, classOf: ClassLookup): boolean {
  const of = childrenOf(sample, classOf);
  return sample.block.children.every((child) => child.kind === "layer" || of(child) !== undefined);
}
