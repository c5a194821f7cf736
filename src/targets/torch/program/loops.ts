/** Steps that repeat over lists of modules, which a person would write as loops. */
import { must } from "../../../errors/must.ts";
import { resultOf, type Result, type Step } from "./steps.ts";

/** Where a module stands in a list of `length`. */
export interface ListPlace {
  readonly list: string;
  readonly index: number;
  readonly length: number;
}

/** What is kept of an iteration: its result, what it takes of the one before, or what a step of it gives. */
export type KeptAt = "result" | "entry" | { readonly offset: number; readonly output: number };

export interface Loop {
  /** It repeats `period` steps, `count` times, from the step at `start`. */
  readonly start: number;
  readonly period: number;
  readonly count: number;
  /** The lists that it walks to their ends, with the index where it begins. */
  readonly lists: ReadonlyMap<string, number>;
  /** What the first iteration takes where the others take the result of the one before. */
  readonly initial: Result;
  /** One for each iteration. */
  readonly results: readonly Result[];
  /** Values from before the loop that all iterations read. */
  readonly constants: readonly Result[];
  /** What the loop at `from` keeps, of which every iteration takes the latest that is left. */
  readonly taken?: { readonly from: number; readonly values: readonly Result[] };
  /** Set where a later loop takes it: whether from the last on, or from the one before it. */
  readonly kept?: Kept;
}

interface Kept {
  readonly at: KeptAt;
  readonly what: "all" | "all but the last";
}

/** What one place in the body gives, one for each iteration. */
interface Given {
  readonly at: KeptAt;
  readonly values: readonly Result[];
}

interface Candidate extends Omit<Loop, "taken" | "kept"> {
  /** Values from before the loop, another one for each iteration. */
  readonly takes: readonly Result[];
  /** What is read outside of its iteration, beside the results. */
  readonly read: Given | undefined;
}

/** What the finder asks of steps. */
export interface Places {
  readonly of: (step: Step) => readonly ListPlace[];
  /** Whether a step does with the items `by` places further on what another one does. */
  readonly same: (first: Step, step: Step, by: number) => boolean;
}

const longestPeriod = 6;

/** The loops among steps in running order; `outputs` are read after the last of them. */
export function findLoops(steps: readonly Step[], outputs: readonly Result[], places: Places): readonly Loop[] {
  const finder = new Finder(steps, outputs, places);
  const candidates: Candidate[] = [];
  for (let start = 0; start < steps.length;) {
    const found = finder.at(start);
    if (found !== undefined) candidates.push(found);
    start = found === undefined ? start + 1 : found.start + found.period * found.count;
  }
  return finder.joined(candidates);
}

class Finder {
  readonly #steps: readonly Step[];
  readonly #places: Places;
  readonly #positions: ReadonlyMap<Step, number>;
  /** Positions of the steps that read a value; behind the last for outputs. */
  readonly #readers = new Map<Result, number[]>();
  /** Where the members of a list are applied. */
  readonly #uses = new Map<string, (ListPlace & { readonly at: number })[]>();

  constructor(steps: readonly Step[], outputs: readonly Result[], places: Places) {
    this.#steps = steps;
    this.#places = places;
    this.#positions = new Map(steps.map((step, at) => [step, at]));
    const add = <K, V>(to: Map<K, V[]>, key: K, value: V): void => {
      const known = to.get(key);
      if (known === undefined) to.set(key, [value]);
      else known.push(value);
    };
    steps.forEach((step, at) => {
      step.inputs.forEach((value) => add(this.#readers, value, at));
      for (const place of places.of(step)) add(this.#uses, place.list, { ...place, at });
    });
    outputs.forEach((value) => add(this.#readers, value, steps.length));
  }

  /** The loop that begins at a position and covers the most steps. */
  at(start: number): Candidate | undefined {
    const found = Array.from({ length: longestPeriod }, (_, i) => this.#repeated(start, i + 1)).filter(
      (candidate) => candidate !== undefined,
    );
    return found.toSorted((a, b) => b.count * b.period - a.count * a.period)[0];
  }

  #repeated(start: number, period: number): Candidate | undefined {
    const body = this.#steps.slice(start, start + period);
    if (body.length < period || body.some(({ kind, outputs }) => kind !== "loop" && outputs !== 1)) return undefined;
    // Nothing is a loop that walks no list: looked at first, this keeps long rows of functions from being compared with themselves.
    const lists = this.#listsOf(body);
    if (lists === undefined) return undefined;
    const slots = new Slots(body, start, this.#positions);
    const sameStep = (first: Step, step: Step | undefined, r: number): boolean =>
      first.inputs.length === step?.inputs.length && this.#places.same(first, step, r);
    let count = 1;
    while (
      body.every((step, i) => sameStep(step, this.#steps[start + count * period + i], count)) &&
      slots.accept(this.#steps.slice(start + count * period, start + (count + 1) * period), count)
    )
      count++;
    const { carried, initial, constants, varying } = slots;
    if (count < 2 || carried === undefined || initial === undefined || varying.length > 1) return undefined;
    const given = (offset: number, output: number): readonly Result[] =>
      Array.from({ length: count }, (_, r) => resultOf(this.#steps[start + r * period + offset] as Step, output));
    const range = { start, period, count };
    const read = body.flatMap((step, offset) =>
      Array.from({ length: step.outputs }, (_, output) => ({ at: { offset, output }, values: given(offset, output) })).filter(
        ({ values }) =>
          (offset !== carried || values[0]?.output !== 0) &&
          values.some((value, r) => this.#readersOf(value, start + r * period, start + (r + 1) * period).length > 0),
      ),
    );
    if (read.length > 1 || !this.#walksToTheEnd({ ...range, lists })) return undefined;
    return { ...range, lists, initial, results: given(carried, 0), constants, takes: varying.flat(), read: read[0] };
  }

  /** The lists of a body with their first indices; undefined where there are none, or one is read at two places at once. */
  #listsOf(body: readonly Step[]): ReadonlyMap<string, number> | undefined {
    const lists = new Map<string, number>();
    for (const step of body) {
      for (const { list, index } of this.#places.of(step)) {
        if ((lists.get(list) ?? index) !== index) return undefined;
        lists.set(list, index);
      }
    }
    return lists.size === 0 ? undefined : lists;
  }

  /** The loop ends where its lists do, and nothing else calls the members that it calls. */
  #walksToTheEnd({ start, period, count, lists }: Pick<Loop, "start" | "period" | "count" | "lists">): boolean {
    return [...lists].every(([list, from]) =>
      (this.#uses.get(list) ?? []).every(({ index, length, at }) => {
        const inside = at >= start && at < start + period * count;
        return length === from + count && inside === index >= from;
      }),
    );
  }

  /** Positions outside of [begin, end) where a value is read. */
  #readersOf(value: Result, begin: number, end: number): readonly number[] {
    return (this.#readers.get(value) ?? []).filter((at) => at < begin || at >= end);
  }

  /** Those of which nothing is read later but the last result, and what one later loop takes as a stack. */
  joined(candidates: readonly Candidate[]): readonly Loop[] {
    const sources = new Map<Candidate, Candidate>();
    const kept = new Map<Candidate, Kept>();
    for (const taker of candidates) {
      for (const source of taker.takes.length === 0 ? [] : candidates) {
        const found = kept.has(source) ? undefined : this.#stackOf(source, taker);
        if (found === undefined) continue;
        sources.set(taker, source);
        kept.set(source, found);
        break;
      }
    }
    return candidates.flatMap((candidate): readonly Loop[] => {
      const { takes, read, ...loop } = candidate;
      const [source, own] = [sources.get(candidate), kept.get(candidate)];
      const left = own === undefined && (read !== undefined || this.#outside(candidate).length > 0);
      if ((takes.length > 0 && source === undefined) || left) return [];
      return [
        {
          ...loop,
          ...(source === undefined ? {} : { taken: { from: source.start, values: takes } }),
          ...(own === undefined ? {} : { kept: own }),
        },
      ];
    });
  }

  /** Results before the last that are read after the loop. */
  #outside({ start, period, count, results }: Candidate): readonly Result[] {
    return results.slice(0, -1).filter((value) => this.#readersOf(value, start, start + period * count).length > 0);
  }

  /** What a loop has to keep so that a later one can take it, last in, first out. */
  #stackOf(source: Candidate, taker: Candidate): Kept | undefined {
    const { start, period, count, results, initial, read } = source;
    const [first] = taker.takes;
    const options: readonly Given[] =
      read === undefined
        ? [
            { at: "result", values: results },
            { at: "entry", values: [initial, ...results.slice(0, -1)] },
          ]
        : [read];
    const once = (value: Result): boolean => this.#readersOf(value, start, start + period * count).length === 1;
    const others = [...this.#outside(source), ...(read?.values ?? [])];
    for (const { at, values } of options) {
      const top = values.indexOf(must(first, "what a loop takes"));
      const last = top === count - 1;
      const inOrder = taker.takes.every((value, i) => value === values[top - i]);
      const alone = others.every((value) => taker.takes.includes(value) && once(value));
      if (top >= 0 && (last || (at === "result" && top === count - 2)) && inOrder && alone)
        return { at, what: last ? "all" : "all but the last" };
    }
    return undefined;
  }
}

/** What the inputs of a body are in later iterations. */
class Slots {
  /** The step of the body whose output the next iteration takes. */
  carried: number | undefined;
  initial: Result | undefined;
  /** Inputs from before the loop, one value for each iteration. */
  #outer: ReadonlyMap<string, readonly Result[]> = new Map();
  readonly #body: readonly Step[];
  readonly #start: number;
  readonly #positions: ReadonlyMap<Step, number>;

  constructor(body: readonly Step[], start: number, positions: ReadonlyMap<Step, number>) {
    this.#body = body;
    this.#start = start;
    this.#positions = positions;
  }

  /** Whether the steps of iteration `r` are joined as those of the first; remembers what they take from outside. */
  accept(steps: readonly Step[], r: number): boolean {
    const begin = this.#start + r * this.#body.length;
    const taken: (readonly [string, Result, Result])[] = [];
    for (const [i, step] of steps.entries()) {
      for (const [q, value] of step.inputs.entries()) {
        const first = must(this.#body[i]?.inputs[q], "the input of a step");
        const [from, to] = [this.#offset(first, this.#start), this.#offset(value, begin)];
        if (from >= 0) {
          if (from !== to || first.output !== value.output) return false;
        } else if (to >= 0) return false;
        else if (to >= -this.#body.length) {
          const carried = to + this.#body.length;
          if ((this.carried ?? carried) !== carried || (this.initial ?? first) !== first || value.output !== 0) return false;
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

  get constants(): readonly Result[] {
    return [...this.#outer.values()].filter((values) => new Set(values).size === 1).map(([value]) => value as Result);
  }

  get varying(): readonly (readonly Result[])[] {
    return [...this.#outer.values()].filter((values) => new Set(values).size > 1);
  }

  /** Relative to the beginning of an iteration; far below 0 for the graph's inputs. */
  #offset({ step }: Result, begin: number): number {
    return (this.#positions.get(step) ?? -Infinity) - begin;
  }
}
