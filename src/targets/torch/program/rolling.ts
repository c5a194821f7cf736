/** Steps with what repeats over lists of modules as loops, those over lists of lists around those over the lists in them. */
import { must } from "../../../errors/must.ts";
import { findLoops, type ListPlace, type Loop } from "./loops.ts";
import { nameOf, patternOf, resultOf, type List, type LoopStep, type Ref, type Result, type Step, type Steps } from "./steps.ts";

/** `rolled` are the patterns of the lists over which repeated steps become loops. */
export function rolledSteps(steps: Steps, lists: ReadonlyMap<string, List>, rolled: ReadonlySet<string>): Steps {
  const levels = [...rolled].map((pattern) => pattern.split(".").filter((step) => step === "*").length);
  let found = steps;
  for (let level = Math.max(-1, ...levels); level >= 0; level--) found = new Level(level, lists, rolled).roll(found);
  return found;
}

/** The patterns of the lists that loops walk. */
export function patternsWalked({ steps }: Steps): readonly string[] {
  return steps.flatMap((step) =>
    step.kind === "loop" ? [...step.lists.map(([list]) => patternOf(list)), ...patternsWalked(step.body)] : [],
  );
}

/** Lists in so many others. */
class Level {
  readonly #level: number;
  readonly #lists: ReadonlyMap<string, List>;
  readonly #rolled: ReadonlySet<string>;
  readonly #known = new Map<Step, readonly ListPlace[]>();

  constructor(level: number, lists: ReadonlyMap<string, List>, rolled: ReadonlySet<string>) {
    this.#level = level;
    this.#lists = lists;
    this.#rolled = rolled;
  }

  roll({ steps, results }: Steps): Steps {
    const inputs = steps.filter(({ kind }) => kind === "input");
    const others = steps.slice(inputs.length);
    const loops = findLoops(others, results, {
      of: (step) => this.#placesOf(step),
      same: (first, step, by) => this.#same(first, step, by),
    });
    if (loops.length === 0) return { steps, results };
    const starting = new Map(loops.map((loop) => [loop.start, loop]));
    const made: Step[] = [...inputs];
    const copies = new Map<Step, Step>(inputs.map((step) => [step, step]));
    const ends = new Map<Step, Step>();
    const read = ({ step, output }: Result): Result => {
      const end = ends.get(step);
      return end === undefined ? resultOf(must(copies.get(step), "a step before its readers"), output) : resultOf(end, 0);
    };
    const rolled = new Map<number, LoopStep>();
    for (let at = 0; at < others.length;) {
      const loop = starting.get(at);
      if (loop === undefined) {
        const step = others[at++] as Step;
        const copy: Step = { ...step, inputs: step.inputs.map(read) };
        copies.set(step, copy);
        made.push(copy);
        continue;
      }
      const { start, period, count, initial, constants, taken, kept } = loop;
      const source = taken === undefined ? undefined : must(rolled.get(taken.from), "the loop that keeps what another takes");
      const step: LoopStep = {
        kind: "loop",
        lists: [...loop.lists].map(([list, from]) => [must(this.#lists.get(list), list).ref, from]),
        body: this.#body(loop, others),
        kept: kept?.what,
        pops: taken !== undefined,
        inputs: [...[initial, ...constants].map(read), ...(source === undefined ? [] : [resultOf(source, 1)])],
        outputs: 2,
      };
      made.push(step);
      rolled.set(start, step);
      ends.set(must(loop.results.at(-1), "the result of a loop").step, step);
      at += period * count;
    }
    return { steps: made, results: results.map(read) };
  }

  #body({ start, period, results, constants, taken, kept, lists }: Loop, steps: readonly Step[]): Steps {
    // The second iteration: in the first one a value that all iterations read may be the initial one too.
    const [before, result] = results as readonly [Result, Result];
    const inputs: Step[] = [];
    const given = new Map<Result, Result>();
    const input = (value: Result, name: string): void => {
      const step: Step = { kind: "input", name, inputs: [], outputs: 1 };
      inputs.push(step);
      given.set(value, resultOf(step, 0));
    };
    input(before, "carried");
    constants.forEach((value, i) => input(value, `constant ${i}`));
    if (taken !== undefined) input(must(taken.values[1], "what the second iteration takes"), "popped");
    const copies = new Map<Step, Step>();
    const read = (value: Result): Result =>
      given.get(value) ?? resultOf(must(copies.get(value.step), "a step of the iteration"), value.output);
    const turn = (ref: Ref): Ref => this.#turned(ref, lists);
    const body = steps.slice(start + period, start + 2 * period);
    for (const step of body) copies.set(step, withRefs(step, turn, step.inputs.map(read)));
    const second = (at: Exclude<Loop["kept"], undefined>["at"]): readonly Result[] => {
      if (at === "result") return [];
      if (at === "entry") return [read(before)];
      return [read(resultOf(must(body[at.offset], "a step of the iteration"), at.output))];
    };
    return { steps: [...inputs, ...copies.values()], results: [read(result), ...(kept === undefined ? [] : second(kept.at))] };
  }

  /** Where in a list of this level a module stands, or a list. */
  #placeOf({ key, steps }: Ref): (ListPlace & { readonly position: number }) | undefined {
    let left = this.#level;
    const position = steps.findIndex((step) => typeof step !== "string" && left-- === 0);
    const index = steps[position];
    if (typeof index !== "number") return undefined;
    const list = nameOf({ key, steps: steps.slice(0, position) });
    const { length, pattern } = must(this.#lists.get(list), list);
    return this.#rolled.has(pattern) ? { list, index, length, position } : undefined;
  }

  #placesOf(step: Step): readonly ListPlace[] {
    const known = this.#known.get(step);
    if (known !== undefined) return known;
    const found = refsIn(step).flatMap((ref) => this.#placeOf(ref) ?? []);
    this.#known.set(step, found);
    return found;
  }

  #turned(ref: Ref, lists: ReadonlyMap<string, number>): Ref {
    const place = this.#placeOf(ref);
    return place === undefined || !lists.has(place.list) ? ref : { ...ref, steps: ref.steps.with(place.position, null) };
  }

  #sameRef(a: Ref, b: Ref, by: number): boolean {
    const place = this.#placeOf(a);
    const moved = place === undefined ? a.steps : a.steps.with(place.position, place.index + by);
    return a.key === b.key && moved.length === b.steps.length && moved.every((step, i) => step === b.steps[i]);
  }

  #same(a: Step, b: Step, by: number): boolean {
    if (a.kind === "loop")
      return (
        b.kind === "loop" &&
        a.kept === b.kept &&
        a.pops === b.pops &&
        a.lists.length === b.lists.length &&
        a.lists.every(([list, from], i) => b.lists[i]?.[1] === from && this.#sameRef(list, b.lists[i][0], by)) &&
        this.#sameSteps(a.body, b.body, by)
      );
    if (a.kind === "input") return b.kind === "input" && a.name === b.name;
    if (b.kind === "input" || b.kind === "loop") return false;
    // A list may hold layers and blocks side by side, which are applied alike.
    if (a.ref !== undefined && b.ref !== undefined)
      return returnsOf(a) === returnsOf(b) && a.outputs === b.outputs && this.#sameRef(a.ref, b.ref, by);
    return (
      a.kind === "op" &&
      b.kind === "op" &&
      a.ref === b.ref &&
      a.op === b.op &&
      JSON.stringify(a.attrs) === JSON.stringify(b.attrs)
    );
  }

  #sameSteps(a: Steps, b: Steps, by: number): boolean {
    const places = ({ steps }: Steps): ReadonlyMap<Step, number> => new Map(steps.map((step, at) => [step, at]));
    const [inA, inB] = [places(a), places(b)];
    const wired = (left: readonly Result[], right: readonly Result[]): boolean =>
      left.length === right.length &&
      left.every(({ step, output }, i) => inA.get(step) === inB.get(right[i]?.step as Step) && output === right[i]?.output);
    return (
      a.steps.length === b.steps.length &&
      wired(a.results, b.results) &&
      a.steps.every((step, i) => {
        const other = b.steps[i] as Step;
        return wired(step.inputs, other.inputs) && this.#same(step, other, by);
      })
    );
  }
}

function refsIn(step: Step): readonly Ref[] {
  if (step.kind === "input") return [];
  if (step.kind === "loop") return [...step.lists.map(([list]) => list), ...step.body.steps.flatMap(refsIn)];
  return step.ref === undefined ? [] : [step.ref];
}

/** The step with other inputs, and with its modules read otherwise. */
function withRefs(step: Step, turn: (ref: Ref) => Ref, inputs: readonly Result[]): Step {
  switch (step.kind) {
    case "input":
      return step;
    case "call":
      return { ...step, inputs, ref: turn(step.ref) };
    case "op":
      return { ...step, inputs, ref: step.ref === undefined ? undefined : turn(step.ref) };
    case "loop": {
      const copies = new Map<Step, Step>();
      const read = (value: Result): Result => resultOf(must(copies.get(value.step), "a step of the iteration"), value.output);
      for (const inner of step.body.steps) copies.set(inner, withRefs(inner, turn, inner.inputs.map(read)));
      return {
        ...step,
        inputs,
        lists: step.lists.map(([list, from]) => [turn(list), from]),
        body: { steps: [...copies.values()], results: step.body.results.map(read) },
      };
    }
  }
}

function returnsOf(step: Step): string {
  return step.kind === "call" ? step.returns.kind : "one";
}
