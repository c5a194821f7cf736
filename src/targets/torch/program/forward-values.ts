/** What the values of a forward are called, and how long they live. */
import { must } from "../../../errors/must.ts";
import { pyConstant, pyIndex, pyName, type PyExpr } from "../../../ir/python.ts";
import { reservedNames, unused } from "../names.ts";
import { singular } from "./rules-python.ts";
import type { Ref } from "./steps.ts";
import type { ClassProgram, TemplateResult, TemplateStep, TemplateSteps } from "./template.ts";

const generic = ["x", "h", "y", "z"];

export const inputNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => (count > generic.length ? `x${i}` : (generic[i] as string)));

/** What an author calls the inputs of a forward, by position; one that stands alone is a letter, and so is one that is taken apart. */
export function inputsOf({ block, body }: ClassProgram["example"]): readonly (string | undefined)[] {
  const { named = [], graph } = body;
  const first = graph.inputs.length - named.length;
  return [...Array.from({ length: first }, (_, i) => (graph.inputs.length === 1 ? undefined : block.inputs[i])), ...named];
}

/** What the item of a list is called in a loop over so many. */
export function itemOf({ key, steps }: Ref, { steps: body }: TemplateSteps, lists: number): string {
  const nested = body.some(({ kind }) => kind === "loop");
  if (lists === 1 && !nested) return body.some(({ kind }) => kind === "call") ? "block" : "layer";
  const name = steps.findLast((step) => typeof step === "string") ?? key;
  const inner = steps.at(-1) === null;
  if (!nested && !inner) return name;
  // `stages` → `stage`
  const one = /[^e]s$|..es$/.test(name) ? singular(name) : name;
  return inner ? `${one}_block` : one;
}

/** Where a result can be read, and how often it still will be. */
export interface Variable {
  readonly name: string;
  left: number;
  /** Set where one name holds all results of a call. */
  readonly record?: true;
}

/** An expression that stands where it is read, and the variables in it: they live until then. */
export interface Nested {
  readonly expression: PyExpr;
  readonly reads: readonly Variable[];
}

export class Values {
  /** How often each result is read, in the whole of its frame. */
  readonly #uses = new Map<TemplateStep, number[]>();
  readonly #variables = new Map<TemplateStep, (Variable | undefined)[]>();
  /** Results that are written where they are read. */
  readonly #nested = new Map<TemplateStep, Nested>();
  /** Names that cannot be given to another value. */
  readonly #held = new Map<string, number>();

  constructor(steps: TemplateSteps) {
    for (const name of reservedNames) this.#held.set(name, 1);
    this.count(steps);
  }

  nest(step: TemplateStep, nested: Nested): void {
    this.#nested.set(step, nested);
  }

  usesOf(step: TemplateStep): readonly (number | undefined)[] {
    return this.#uses.get(step) ?? [];
  }

  isFree(name: string): boolean {
    return (this.#held.get(name) ?? 0) === 0;
  }

  count({ steps, results }: TemplateSteps): void {
    const use = ({ step, output }: TemplateResult): void => {
      const counts = this.#uses.get(step) ?? [];
      // eslint-disable-next-line no-restricted-syntax -- outputs are counted from 0
      counts[output] = (counts[output] ?? 0) + 1;
      this.#uses.set(step, counts);
    };
    for (const step of steps) {
      step.inputs.forEach(use);
      // In a loop a value has to stay what it is: it is read once more than its last reader knows.
      if (step.kind === "loop") this.count(step.body);
    }
    results.forEach(use);
  }

  used(step: TemplateStep, output = 0): number {
    // eslint-disable-next-line no-restricted-syntax -- no use was counted
    return this.#uses.get(step)?.[output] ?? 0;
  }

  declare(step: TemplateStep, output: number, name: string, record?: true): void {
    const left =
      record === true
        ? (this.#uses.get(step) ?? []).reduce((sum, uses) => sum + ((uses as number | undefined) ?? 0), 0)
        : this.used(step, output);
    const variables = this.#variables.get(step) ?? [];
    variables[output] = record === undefined ? { name, left } : { name, left, record };
    this.#variables.set(step, variables);
    if (left > 0) this.#held.set(name, (this.#held.get(name) ?? 0) + 1);
  }

  /** A name that no living value has: that of a value that has just died, or the first that is free. */
  name(dying: readonly string[] = []): string {
    const free = (name: string): boolean => (this.#held.get(name) ?? 0) === 0;
    return dying.find((name) => generic.includes(name) && free(name)) ?? generic.find(free) ?? this.unused("h");
  }

  unused(name: string): string {
    return unused(name, new Set([...this.#held].filter(([, count]) => count > 0).map(([held]) => held)));
  }

  /** Counts what a statement reads, and gives back the names of values that nothing reads after it. */
  release(reads: readonly Variable[]): readonly string[] {
    return reads.flatMap((variable) => {
      variable.left--;
      if (variable.left > 0) return [];
      this.hold(variable.name, -1);
      return [variable.name];
    });
  }

  /** How a result is read; the variables in it are added to `reads`. */
  read({ step, output }: TemplateResult, reads: Variable[] = []): PyExpr {
    const nested = this.#nested.get(step);
    if (nested !== undefined) {
      reads.push(...nested.reads);
      return nested.expression;
    }
    const variables = this.#variables.get(step);
    const variable = variables?.[output] ?? (variables?.[0]?.record === true ? variables[0] : undefined);
    if (variable === undefined) throw new Error("a forward reads what it has not computed");
    reads.push(variable);
    if (variable.record !== true) return pyName(variable.name);
    return this.entryOf(step, output, pyName(variable.name));
  }

  /** One of the results of a call that returns several. */
  entryOf(step: TemplateStep, output: number, from: PyExpr): PyExpr {
    if (step.kind !== "call") return pyIndex(from, pyConstant(output));
    const at = step.returns.entries.findIndex(([, index]) => index === output);
    return pyIndex(
      from,
      pyConstant(step.returns.kind === "record" ? must(step.returns.entries[at], "the entry of a result")[0] : at),
    );
  }

  variableOf({ step, output }: TemplateResult): Variable | undefined {
    const variable = this.#variables.get(step)?.[output];
    return variable?.record === true ? undefined : variable;
  }

  hold(name: string, by: number): void {
    this.#held.set(name, (this.#held.get(name) ?? 0) + by);
  }
}
