/** Steps of a graph that repeat over lists of modules, which a person would write as loops. */
import type { Module, Node, Value } from "../../../ir/model.ts";
/** Where a module stands in a list of `length`. */
export interface ListPlace {
  readonly list: string;
  readonly index: number;
  readonly length: number;
}

export interface Loop {
  /** It repeats `period` nodes, `count` times, from the node at `start`. */
  readonly start: number;
  readonly period: number;
  readonly count: number;
  /** The lists that it walks to their ends, with the index where it begins. */
  readonly lists: ReadonlyMap<string, number>;
  /** What the first iteration takes where the others take the result of the one before. */
  readonly initial: Value;
  /** One for each iteration. */
  readonly results: readonly Value[];
  /** Values from before the loop that all iterations read. */
  readonly constants: readonly Value[];
  /** Results of the loop at `from`, of which every iteration takes the latest that is left. */
  readonly taken?: { readonly from: number; readonly values: readonly Value[] };
  /** Set where a later loop takes the results: whether from the last on, or from the one before it. */
  readonly kept?: "all" | "all but the last";
}

interface Candidate extends Omit<Loop, "taken" | "kept"> {
  /** Values from before the loop, another one for each iteration. */
  readonly takes: readonly Value[];
}

const longestPeriod = 6;

/** The loops among nodes in running order; `outputs` are read after the last of them. */
export function findLoops(
  nodes: readonly Node[],
  outputs: readonly Value[],
  memberOf: (module: Module) => ListPlace | undefined,
): readonly Loop[] {
  const finder = new Finder(nodes, outputs, memberOf);
  const candidates: Candidate[] = [];
  for (let start = 0; start < nodes.length;) {
    const found = finder.at(start);
    if (found !== undefined) candidates.push(found);
    start = found === undefined ? start + 1 : found.start + found.period * found.count;
  }
  return finder.joined(candidates);
}

class Finder {
  readonly #nodes: readonly Node[];
  readonly #memberOf: (module: Module) => ListPlace | undefined;
  readonly #positions = new Map<Value, number>();
  /** Positions of the nodes that read a value; behind the last for outputs. */
  readonly #readers = new Map<Value, number[]>();
  /** Where the members of a list are applied. */
  readonly #uses = new Map<string, (ListPlace & { readonly at: number })[]>();

  constructor(nodes: readonly Node[], outputs: readonly Value[], memberOf: (module: Module) => ListPlace | undefined) {
    this.#nodes = nodes;
    this.#memberOf = memberOf;
    const read = (value: Value, at: number): void => {
      const readers = this.#readers.get(value);
      if (readers === undefined) this.#readers.set(value, [at]);
      else readers.push(at);
    };
    nodes.forEach((node, at) => {
      node.outputs.forEach((value) => this.#positions.set(value, at));
      node.inputs.forEach((value) => read(value, at));
      const module = moduleOf(node);
      const place = module === undefined ? undefined : memberOf(module);
      if (place === undefined) return;
      const uses = this.#uses.get(place.list);
      if (uses === undefined) this.#uses.set(place.list, [{ ...place, at }]);
      else uses.push({ ...place, at });
    });
    outputs.forEach((value) => read(value, nodes.length));
  }

  /** The loop that begins at a position and covers the most nodes. */
  at(start: number): Candidate | undefined {
    const found = Array.from({ length: longestPeriod }, (_, i) => this.#repeated(start, i + 1)).filter(
      (candidate) => candidate !== undefined,
    );
    return found.toSorted((a, b) => b.count * b.period - a.count * a.period)[0];
  }

  #repeated(start: number, period: number): Candidate | undefined {
    const body = this.#nodes.slice(start, start + period);
    if (body.length < period || body.some(({ outputs }) => outputs.length !== 1)) return undefined;
    // Nothing is a loop that walks no list: looked at first, this keeps long rows of functions from being compared with themselves.
    const lists = this.#listsOf(body);
    if (lists === undefined) return undefined;
    const slots = new Slots(body, start, this.#positions);
    let count = 1;
    while (
      body.every((node, i) => this.#sameStep(node, this.#nodes[start + count * period + i], count)) &&
      slots.accept(this.#nodes.slice(start + count * period, start + (count + 1) * period), count)
    )
      count++;
    const { carried, initial, constants, varying } = slots;
    if (count < 2 || carried === undefined || initial === undefined || varying.length > 1) return undefined;
    const results = Array.from({ length: count }, (_, i) => this.#nodes[start + i * period + carried]?.outputs[0] as Value);
    const candidate = { start, period, count, lists, initial, results, constants, takes: varying.flat() };
    return this.#walksToTheEnd(candidate) && this.#keepsToItself(candidate) ? candidate : undefined;
  }

  /** Whether a node does in iteration `r` what `first` does in the first one. */
  #sameStep(first: Node, node: Node | undefined, r: number): boolean {
    if (first.inputs.length !== node?.inputs.length) return false;
    const [a, b] = [moduleOf(first), moduleOf(node)];
    if (a === undefined || b === undefined || a === b)
      return a === b && (first.kind === "call" || (node.kind === "op" && sameOp(first, node)));
    if (returnsOf(first) !== returnsOf(node)) return false;
    const [from, to] = [this.#memberOf(a), this.#memberOf(b)];
    return to !== undefined && from?.list === to.list && from.index + r === to.index && node.outputs.length === 1;
  }

  /** The lists of a body with their first indices; undefined where there are none, or one is read at two places at once. */
  #listsOf(body: readonly Node[]): ReadonlyMap<string, number> | undefined {
    const lists = new Map<string, number>();
    for (const node of body) {
      const module = moduleOf(node);
      const member = module === undefined ? undefined : this.#memberOf(module);
      if (member === undefined) continue;
      if ((lists.get(member.list) ?? member.index) !== member.index) return undefined;
      lists.set(member.list, member.index);
    }
    return lists.size === 0 ? undefined : lists;
  }

  /** The loop ends where its lists do, and nothing else calls the members that it calls. */
  #walksToTheEnd({ start, period, count, lists }: Candidate): boolean {
    return [...lists].every(([list, from]) =>
      (this.#uses.get(list) ?? []).every(({ index, length, at }) => {
        const inside = at >= start && at < start + period * count;
        return length === from + count && inside === index >= from;
      }),
    );
  }

  /** Of what iterations compute, their results alone are read outside of them. */
  #keepsToItself({ start, period, count, results }: Candidate): boolean {
    const inner = this.#nodes.slice(start, start + period * count);
    return inner.every(({ outputs: [value] }, i) => {
      const begin = start + Math.floor(i / period) * period;
      return value === undefined || results.includes(value) || this.#readersOf(value, begin, begin + period).length === 0;
    });
  }

  /** Positions outside of [begin, end) where a value is read. */
  #readersOf(value: Value, begin: number, end: number): readonly number[] {
    return (this.#readers.get(value) ?? []).filter((at) => at < begin || at >= end);
  }

  /** Those whose results are read as a stack of one later loop, or but for the last by nothing. */
  joined(candidates: readonly Candidate[]): readonly Loop[] {
    const sources = new Map<Candidate, Candidate>();
    for (const taker of candidates) {
      const source = candidates.find(({ results }) => results.includes(taker.takes[0] as Value));
      if (source !== undefined && ![...sources.values()].includes(source) && this.#isStack(source, taker))
        sources.set(taker, source);
    }
    return candidates.flatMap(({ takes, ...loop }, i): readonly Loop[] => {
      const candidate = candidates[i] as Candidate;
      const source = sources.get(candidate);
      const taker = candidates.find((other) => sources.get(other) === candidate);
      if ((takes.length > 0 && source === undefined) || (taker === undefined && this.#outside(candidate).length > 0)) return [];
      const kept = taker === undefined ? undefined : taker.takes[0] === loop.results.at(-1) ? "all" : "all but the last";
      return [
        {
          ...loop,
          ...(source === undefined ? {} : { taken: { from: source.start, values: takes } }),
          ...(kept === undefined ? {} : { kept }),
        },
      ];
    });
  }

  /** Results before the last that are read after the loop. */
  #outside({ start, period, count, results }: Candidate): readonly Value[] {
    return results.slice(0, -1).filter((value) => this.#readersOf(value, start, start + period * count).length > 0);
  }

  #isStack(source: Candidate, taker: Candidate): boolean {
    const top = source.results.indexOf(taker.takes[0] as Value);
    const inOrder = taker.takes.every((value, i) => value === source.results[top - i]);
    const once = (value: Value): boolean =>
      this.#readersOf(value, source.start, source.start + source.period * source.count).length === 1;
    return (
      top >= source.count - 2 && inOrder && this.#outside(source).every((value) => taker.takes.includes(value) && once(value))
    );
  }
}

/** What the inputs of a body are in later iterations. */
class Slots {
  /** The node of the body whose output the next iteration takes. */
  carried: number | undefined;
  initial: Value | undefined;
  /** Inputs from before the loop, one value for each iteration. */
  #outer: ReadonlyMap<string, readonly Value[]> = new Map();
  readonly #body: readonly Node[];
  readonly #start: number;
  readonly #positions: ReadonlyMap<Value, number>;

  constructor(body: readonly Node[], start: number, positions: ReadonlyMap<Value, number>) {
    this.#body = body;
    this.#start = start;
    this.#positions = positions;
  }

  /** Whether the nodes of iteration `r` are joined as those of the first; remembers what they take from outside. */
  accept(nodes: readonly Node[], r: number): boolean {
    const begin = this.#start + r * this.#body.length;
    const taken: (readonly [string, Value, Value])[] = [];
    for (const [i, node] of nodes.entries()) {
      for (const [q, value] of node.inputs.entries()) {
        const first = this.#body[i]?.inputs[q] as Value;
        const [from, to] = [this.#offset(first, this.#start), this.#offset(value, begin)];
        if (from >= 0) {
          if (from !== to) return false;
        } else if (to >= 0) return false;
        else if (to >= -this.#body.length) {
          const carried = to + this.#body.length;
          if ((this.carried ?? carried) !== carried || (this.initial ?? first) !== first) return false;
          [this.carried, this.initial] = [carried, first];
        } else if (begin + to >= this.#start) return false;
        else taken.push([`${i} ${q}`, first, value]);
      }
    }
    const outer = new Map(this.#outer);
    for (const [slot, first, value] of taken) outer.set(slot, [...(outer.get(slot) ?? [first]), value]);
    // A slot that this iteration fills in another way.
    if (![...outer.values()].every((values) => values.length === r + 1)) return false;
    this.#outer = outer;
    return true;
  }

  get constants(): readonly Value[] {
    return [...this.#outer.values()].filter((values) => new Set(values).size === 1).map(([value]) => value as Value);
  }

  get varying(): readonly (readonly Value[])[] {
    return [...this.#outer.values()].filter((values) => new Set(values).size > 1);
  }

  /** Relative to the beginning of an iteration; far below 0 for the graph's inputs. */
  #offset(value: Value, begin: number): number {
    return (this.#positions.get(value) ?? -Infinity) - begin;
  }
}

function moduleOf(node: Node): Module | undefined {
  return node.kind === "call" ? node.block : node.layer;
}

/** A list may hold layers and blocks side by side, which are applied alike. */
function returnsOf(node: Node): string {
  return node.kind === "call" ? node.returns.kind : "one";
}

function sameOp(a: Node & { kind: "op" }, b: Node & { kind: "op" }): boolean {
  return a.op === b.op && JSON.stringify(a.attrs) === JSON.stringify(b.attrs);
}
