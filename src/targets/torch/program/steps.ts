/** The body of a block as steps that feed each other, with what repeats over lists of its members as one step. */
import type { Block, Body, Member, Module, Node, Returns, Value } from "../../../ir/model.ts";
import type { Attrs, Op } from "../../../ir/op.ts";
import { findLoops, type Loop, type ListPlace } from "./loops.ts";

/** How a block reads one of its modules: `self.down[0]`, or in a loop the one whose turn it is in `self.down`. */
export interface Ref {
  readonly key: string;
  readonly steps: readonly (number | string)[];
  readonly looped?: true;
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

/** Output 0 is the last result; output 1 stands for the results that are kept for another loop. */
export interface LoopStep extends Common {
  readonly kind: "loop";
  /** The lists that it walks, with the index where it begins. */
  readonly lists: readonly (readonly [key: string, from: number])[];
  readonly body: Steps;
  readonly kept?: "all" | "all but the last" | undefined;
  readonly pops: boolean;
}

export interface Steps {
  /** In the order in which they run, inputs first. */
  readonly steps: readonly Step[];
  readonly results: readonly Result[];
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
  return [key, ...steps].join(".");
}

/** The lists of modules that loops may walk, by key. */
export function listsOf(block: Block): ReadonlyMap<string, number> {
  return new Map(
    block.members.flatMap(([key, member]) =>
      member.kind === "list" && member.items.every((item) => item.kind === "layer" || item.kind === "block")
        ? [[key, member.items.length] as const]
        : [],
    ),
  );
}

/** The steps of a block's body. `rolled` are the lists over which repeated steps become loops. */
export function stepsOf(
  block: Block | undefined,
  { graph, returns }: Body,
  refs: ReadonlyMap<Module, Ref>,
  rolled: ReadonlySet<string>,
): Steps {
  const { nodes } = graph;
  const lengths = block === undefined ? new Map<string, number>() : listsOf(block);
  const placeOf = (module: Module): ListPlace | undefined => {
    const ref = refs.get(module);
    const [index] = ref?.steps ?? [];
    if (ref === undefined || typeof index !== "number" || !rolled.has(ref.key)) return undefined;
    return { list: ref.key, index, length: lengths.get(ref.key) ?? 0 };
  };
  const builder = new StepBuilder(refs, placeOf);
  graph.inputs.forEach((value, i) => builder.input(value, `input ${i}`));
  builder.nodes(nodes, findLoops(nodes, graph.outputs, placeOf));
  return builder.finish(returns.entries.map(([, output]) => graph.outputs[output] as Value));
}

class StepBuilder {
  readonly #refs: ReadonlyMap<Module, Ref>;
  readonly #placeOf: (module: Module) => ListPlace | undefined;
  readonly #inLoop: boolean;
  readonly #steps: Step[] = [];
  readonly #results = new Map<Value, Result>();
  readonly #loops = new Map<number, Result>();

  constructor(refs: ReadonlyMap<Module, Ref>, placeOf: (module: Module) => ListPlace | undefined, inLoop = false) {
    this.#refs = refs;
    this.#placeOf = placeOf;
    this.#inLoop = inLoop;
  }

  input(value: Value, name: string): void {
    const step: Step = { kind: "input", name, inputs: [], outputs: 1 };
    this.#steps.push(step);
    this.#results.set(value, { step, output: 0 });
  }

  nodes(nodes: readonly Node[], loops: readonly Loop[]): void {
    const starting = new Map(loops.map((loop) => [loop.start, loop]));
    for (let i = 0; i < nodes.length;) {
      const loop = starting.get(i);
      if (loop === undefined) this.#node(nodes[i++] as Node);
      else {
        this.#loop(loop, nodes);
        i += loop.period * loop.count;
      }
    }
  }

  finish(results: readonly Value[]): Steps {
    return { steps: this.#steps, results: results.map((value) => this.#read(value)) };
  }

  #read(value: Value): Result {
    const result = this.#results.get(value);
    if (result === undefined) throw new Error("a body reads a value that it does not have");
    return result;
  }

  #refOf(module: Module): Ref {
    const place = this.#inLoop ? this.#placeOf(module) : undefined;
    if (place !== undefined) return { key: place.list, steps: [], looped: true };
    const ref = this.#refs.get(module);
    if (ref === undefined) throw new Error(`${module.path} is not a member of the block that applies it`);
    return ref;
  }

  #node(node: Node): void {
    const common = { inputs: node.inputs.map((value) => this.#read(value)), outputs: node.outputs.length };
    const step: Step =
      node.kind === "call"
        ? { kind: "call", block: node.block, ref: this.#refOf(node.block), returns: node.returns, ...common }
        : {
            kind: "op",
            op: node.op,
            attrs: node.attrs,
            ref: node.layer === undefined ? undefined : this.#refOf(node.layer),
            ...common,
          };
    this.#steps.push(step);
    node.outputs.forEach((value, output) => this.#results.set(value, { step, output }));
  }

  #loop({ start, period, results, initial, constants, taken, kept, lists }: Loop, nodes: readonly Node[]): void {
    // The second iteration: in the first one a value that all iterations read may be the initial one too.
    const [before, result] = results as readonly [Value, Value];
    const body = new StepBuilder(this.#refs, this.#placeOf, true);
    body.input(before, "carried");
    constants.forEach((value, i) => body.input(value, `constant ${i}`));
    if (taken !== undefined) body.input(taken.values[1] as Value, "popped");
    body.nodes(nodes.slice(start + period, start + 2 * period), []);
    const stack = taken === undefined ? [] : [this.#loops.get(taken.from) as Result];
    const step: LoopStep = {
      kind: "loop",
      lists: [...lists],
      body: body.finish([result]),
      kept,
      pops: taken !== undefined,
      inputs: [...[initial, ...constants].map((value) => this.#read(value)), ...stack],
      outputs: 2,
    };
    this.#steps.push(step);
    this.#results.set(results.at(-1) as Value, { step, output: 0 });
    this.#loops.set(start, { step, output: 1 });
  }
}
