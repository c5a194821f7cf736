/** The body of a block as steps that feed each other. */
import { must } from "../../../errors/must.ts";
import type { Block, Body, Member, Module, Node, Returns, Value } from "../../../ir/model.ts";
import type { Attrs, Op } from "../../../ir/op.ts";

/** How a block reads one of its modules or lists: `self.down[0]`; null is the item whose turn it is in the list there. */
export interface Ref {
  readonly key: string;
  readonly steps: readonly (number | string | null)[];
}

/** One of the results of a step. */
export interface Result {
  readonly step: Step;
  readonly output: number;
}

export type Step = InputStep | OpStep | CallStep | LoopStep;

interface Common {
  /** What it takes; a loop takes what its first iteration starts from, then what all iterations read, then the results of another loop. */
  readonly inputs: readonly Result[];
  readonly outputs: number;
}

/** What comes from outside: an input of the block, or in a loop its `carried` value, a constant, or what is popped. */
export interface InputStep extends Common {
  readonly kind: "input";
  readonly name: string;
}

export interface OpStep extends Common {
  readonly kind: "op";
  readonly op: Op;
  readonly attrs: Attrs;
  /** The layer that it applies; functions have none. */
  readonly ref?: Ref | undefined;
}

export interface CallStep extends Common {
  readonly kind: "call";
  readonly block: Block;
  readonly ref: Ref;
  readonly returns: Returns;
}

/**
 * Output 0 is the last result; output 1 stands for what is kept for another loop: the results, or what its body gives as a second one. Where that is
 * what a loop within keeps, both keep it in one list.
 */
export interface LoopStep extends Common {
  readonly kind: "loop";
  /** The lists that it walks, with the index where it begins. */
  readonly lists: readonly (readonly [list: Ref, from: number])[];
  readonly body: Steps;
  readonly kept?: "all" | "all but the last" | undefined;
  readonly pops: boolean;
}

export interface Steps {
  /** In the order in which they run, inputs first. */
  readonly steps: readonly Step[];
  readonly results: readonly Result[];
}

const known = new WeakMap<Step, Result[]>();

/** The same object whenever it is asked for. */
export function resultOf(step: Step, output: number): Result {
  const results = known.get(step) ?? [];
  known.set(step, results);
  return (results[output] ??= { step, output });
}

/** The modules of a block by how it reads them. */
export function refsOf(block: Block): ReadonlyMap<Module, Ref> {
  const refs = new Map<Module, Ref>();
  const visit = (member: Member, key: string, steps: Ref["steps"]): void => {
    if (member.kind === "list") member.items.forEach((item, i) => visit(item, key, [...steps, i]));
    else if (member.kind === "record") for (const [name, entry] of member.entries) visit(entry, key, [...steps, name]);
    else refs.set(member, { key, steps });
  };
  for (const [key, member] of block.members) visit(member, key, []);
  return refs;
}

/** A module's path in its block. */
export function nameOf({ key, steps }: Ref): string {
  return [key, ...steps.map((step) => step ?? "*")].join(".");
}

/** The path of a list with `*` for places in the lists around it. */
export function patternOf({ key, steps }: Ref): string {
  return nameOf({ key, steps: steps.map((step) => (typeof step === "string" ? step : null)) });
}

export interface List {
  readonly ref: Ref;
  readonly pattern: string;
  readonly length: number;
}

/** The lists of a block, with those within lists, by path. */
export function listsOf(block: Block): ReadonlyMap<string, List> {
  const lists = new Map<string, List>();
  const visit = (member: Member, ref: Ref): void => {
    if (member.kind === "list") {
      lists.set(nameOf(ref), { ref, pattern: patternOf(ref), length: member.items.length });
      member.items.forEach((item, i) => visit(item, { ...ref, steps: [...ref.steps, i] }));
    } else if (member.kind === "record")
      for (const [name, entry] of member.entries) visit(entry, { ...ref, steps: [...ref.steps, name] });
  };
  for (const [key, member] of block.members) visit(member, { key, steps: [] });
  return lists;
}

/** The steps of a body, one for each of its nodes. */
export function stepsOf({ graph, returns }: Body, refs: ReadonlyMap<Module, Ref>): Steps {
  const results = new Map<Value, Result>();
  const steps = graph.inputs.map((value, i): Step => {
    const step: Step = { kind: "input", name: `input ${i}`, inputs: [], outputs: 1 };
    results.set(value, resultOf(step, 0));
    return step;
  });
  const read = (value: Value): Result => must(results.get(value), "a value that a body reads");
  for (const node of graph.nodes) {
    const step = stepOf(node, refs, node.inputs.map(read));
    node.outputs.forEach((value, output) => results.set(value, resultOf(step, output)));
    steps.push(step);
  }
  return { steps, results: returns.entries.map(([, output]) => read(must(graph.outputs[output], "a result"))) };
}

function stepOf(node: Node, refs: ReadonlyMap<Module, Ref>, inputs: readonly Result[]): Step {
  const refOf = (module: Module): Ref => must(refs.get(module), `${module.path} in the block that applies it`);
  const common = { inputs, outputs: node.outputs.length };
  return node.kind === "call"
    ? { kind: "call", block: node.block, ref: refOf(node.block), returns: node.returns, ...common }
    : { kind: "op", op: node.op, attrs: node.attrs, ref: node.layer === undefined ? undefined : refOf(node.layer), ...common };
}
