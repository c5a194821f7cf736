/** The steps of a template run for one instance, to be compared with what its body does. */
import { must } from "../../../errors/must.ts";
import type { AttrValue } from "../../../ir/attributes.ts";
import type { Block, Body, Member, Module, Node, Value } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { evaluate } from "./rules.ts";
import { listsOf, nameOf, refsOf, type Ref } from "./steps.ts";
import type { TemplateResult, TemplateStep, TemplateSteps } from "./template.ts";

/** The template makes something else than the instance. */
export class Mismatch extends Error {}

/** The template makes nothing: its Python ends in an error, such as the last item of an empty list. */
export class Refusal extends Mismatch {
  readonly refused = true;
}

/** The number of modules or members directly in a member. */
export function modulesIn(member: Member): number {
  if (member.kind === "list") return member.items.length;
  return member.kind === "record" ? member.entries.length : 1;
}

/** The steps of a template run for an instance: equal numbers are equal values, those of its body among them. */
export class Run {
  readonly #env: Map<string, PyConstant>;
  readonly #numbers = new Map<string, number>();
  readonly #ofValues = new Map<Value, number>();
  /** The attributes with which a function is applied to values. */
  readonly #applied = new Map<string, Readonly<Record<string, AttrValue>>[]>();
  /** Of members, and of lists in them, by path. */
  readonly #lengths: ReadonlyMap<string, number>;

  constructor(env: Map<string, PyConstant>, block: Block, { graph }: Body) {
    this.#env = env;
    this.#lengths = new Map([
      ...block.members.map(([key, member]) => [key, modulesIn(member)] as const),
      ...[...listsOf(block)].map(([path, { length }]) => [path, length] as const),
    ]);
    const refs = refsOf(block);
    graph.inputs.forEach((value, i) => this.#ofValues.set(value, this.#number(`input ${i}`)));
    for (const node of graph.nodes) this.#node(node, refs);
  }

  #number(key: string): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  numberOf(value: Value): number {
    return this.#ofValues.get(value) ?? -1;
  }

  #node(node: Node, refs: ReadonlyMap<Module, Ref>): void {
    const inputs = node.inputs.map((value) => this.numberOf(value));
    const module = node.kind === "call" ? node.block : node.layer;
    const ref = module === undefined ? undefined : refs.get(module);
    const key = applied(node.kind === "op" && ref === undefined ? node.op.name : "module", ref, inputs);
    const attrs = node.kind === "op" && ref === undefined ? node.attrs : {};
    const known = this.#applied.get(key);
    if (known === undefined) this.#applied.set(key, [attrs]);
    else known.push(attrs);
    node.outputs.forEach((value, output) => this.#ofValues.set(value, this.#number(`${key} ${JSON.stringify(attrs)}#${output}`)));
  }

  steps(
    { steps, results }: TemplateSteps,
    given: ReadonlyMap<string, number | number[]>,
    turn: Turn,
  ): readonly (number | number[])[] {
    const values = new Map<TemplateStep, readonly (number | number[])[]>();
    const read = ({ step, output }: TemplateResult): number | number[] => {
      const found = values.get(step)?.[output];
      if (found === undefined) throw new Mismatch();
      return found;
    };
    for (const step of steps) {
      try {
        values.set(step, this.#step(step, step.kind === "select" ? [] : step.inputs.map(read), read, given, turn));
      } catch (error) {
        // What does not run here may stand under a test that does not hold.
        if (!(error instanceof Mismatch)) throw error;
      }
    }
    return results.map(read);
  }

  #step(
    step: TemplateStep,
    inputs: readonly (number | number[])[],
    read: (result: TemplateResult) => number | number[],
    given: ReadonlyMap<string, number | number[]>,
    turn: Turn,
  ): readonly (number | number[])[] {
    const operands = inputs as readonly number[];
    switch (step.kind) {
      case "input":
        return [given.get(step.name) ?? this.#number(step.name)];
      case "select":
        return [read(step.inputs[this.#test(step) ? 0 : 1] as TemplateResult)];
      case "call": {
        const key = applied("module", turned(step.ref, turn), operands);
        return this.#outputs(step.outputs, `${key} {}`);
      }
      case "op": {
        const key =
          step.ref === undefined
            ? applied(step.op.name, undefined, operands)
            : applied("module", turned(step.ref, turn), operands);
        return this.#outputs(step.outputs, `${key} ${JSON.stringify(this.#attributes(step, key))}`);
      }
      case "loop":
        return this.#loop(step, inputs, turn);
    }
  }

  #outputs(count: number, key: string): readonly number[] {
    return Array.from({ length: count }, (_, output) => this.#number(`${key}#${output}`));
  }

  #test({ test }: TemplateStep & { kind: "select" }): boolean {
    if (test.kind === "member") return (this.#lengths.get(test.key) ?? 0) > 0;
    const value = evaluate(test.rule, this.#env);
    if (value === undefined) throw new Refusal();
    return value === true;
  }

  /** The attributes of a function; what the instance alone tells is read off where it applies the function to these values. */
  #attributes({ slots }: TemplateStep & { kind: "op" }, key: string): Readonly<Record<string, unknown>> {
    for (const [name, slot] of slots) {
      if (slot.kind !== "parameter" || this.#env.has(slot.name)) continue;
      const found = this.#applied.get(key)?.[0]?.[name];
      if (found === undefined) throw new Mismatch();
      this.#env.set(slot.name, found);
    }
    return Object.fromEntries(slots.map(([name, slot]) => [name, slot.kind === "default" ? null : evaluate(slot, this.#env)]));
  }

  /** What loops within keep and take is the one list of the loop around them, as in Python. */
  #loop(
    { lists, body, kept, pops }: TemplateStep & { kind: "loop" },
    inputs: readonly (number | number[])[],
    turn: Turn,
  ): readonly (number | number[])[] {
    const stack = pops ? (inputs.at(-1) as number[]) : [];
    const constants = pops ? inputs.slice(1, -1) : inputs.slice(1);
    const counts = lists.map(([list, from]) => (this.#lengths.get(nameOf(turned(list, turn))) ?? 0) - from);
    const count = must(counts[0], "the list that a loop walks");
    if (count < 0 || counts.some((other) => other !== count)) throw new Mismatch();
    let carried = inputs[0] as number;
    const keeps: number[] = [];
    for (let i = 0; i < count; i++) {
      const given = new Map<string, number | number[]>([
        ["carried", carried],
        ...constants.map((value, at) => [`constant ${at}`, value] as const),
      ]);
      if (pops) given.set("popped", takesList(body) ? stack : must(stack.pop() ?? mismatch(), "what is left"));
      const own = new Map(lists.map(([list, from]) => [nameOf(list), from + i]));
      const [result, second = result] = this.steps(body, given, new Map([...turn, ...own]));
      carried = result as number;
      keeps.push(...(Array.isArray(second) ? second : [second as number]));
    }
    if (kept === "all but the last") keeps.pop();
    return [carried, keeps];
  }
}

/** The places of loops in the lists that they walk. */
type Turn = ReadonlyMap<string, number>;

/** Whether a loop within takes what this one takes. */
function takesList({ steps }: TemplateSteps): boolean {
  return steps.some((step) => {
    const last = step.kind === "loop" && step.pops ? step.inputs.at(-1)?.step : undefined;
    return last?.kind === "input" && last.name === "popped";
  });
}

function mismatch(): never {
  throw new Mismatch();
}

function turned({ key, steps }: Ref, turn: Turn): Ref {
  return {
    key,
    steps: steps.reduce<Ref["steps"]>((before, step, i) => {
      const index = step ?? turn.get(nameOf({ key, steps: steps.slice(0, i) }));
      return [...before, index ?? mismatch()];
    }, []),
  };
}

/** A module is applied as what it is: which one stands there is the constructor's matter. */
function applied(what: string, ref: Ref | undefined, inputs: readonly number[]): string {
  return `${what} ${ref === undefined ? "" : nameOf(ref)}(${inputs.join()})`;
}
