/** Statements of a forward, with the variables that they read and write. */
import type { Returns } from "../../../ir/model.ts";
import { pyCall, pyConstant, pyIf, pyName, pyNot, pyTuple, type PyExpr, type PyStatement } from "../../../ir/python.ts";
import { reservedNames } from "../names.ts";
import { branchesOf, type Branches } from "./branches.ts";
import { printExpr } from "../printer.ts";
import { appended, Expressions, popped, type Frame } from "./forward-expressions.ts";
import { Nesting } from "./forward-nesting.ts";
import { itemOf, Values, type Variable } from "./forward-values.ts";
import type { Naming } from "./rules-python.ts";
import { nameOf } from "./steps.ts";
import type { TemplateResult, TemplateStep, TemplateSteps } from "./template.ts";

export interface Surroundings {
  /** How a forward reads the parameters of its class. */
  readonly naming: Naming;
  /** Members that are None in some instances. */
  readonly optional?: ReadonlySet<string>;
}

export class ForwardWriter {
  readonly #top: TemplateSteps;
  readonly #values: Values;
  readonly #expressions: Expressions;
  readonly #nesting: Nesting;
  /** What results are called where they are returned. */
  readonly #wanted = new Map<TemplateStep, string>();
  /** The lists of kept results, by the loop that keeps them. */
  readonly #stacks = new Map<TemplateStep, string>();
  /** What a loop keeps beside its results, by the step that gives it. */
  readonly #kept = new Map<TemplateStep, { readonly list: string; readonly value: TemplateResult }>();
  /** Steps that stand under a test, by the test. */
  readonly #branches: Branches;
  readonly #inBranch: Set<TemplateStep>;

  constructor(steps: TemplateSteps, { naming, optional = new Set() }: Surroundings) {
    this.#top = steps;
    this.#values = new Values(steps);
    this.#expressions = new Expressions(naming, optional);
    this.#nesting = new Nesting(this.#values, this.#expressions);
    this.#branches = branchesOf(steps);
    this.#inBranch = new Set([...this.#branches.values()].flat(2));
  }

  forward(names: readonly string[], returns: Returns): readonly PyStatement[] {
    const { steps, results } = this.#top;
    steps.filter(({ kind }) => kind === "input").forEach((step, i) => this.#values.declare(step, 0, names[i] as string));
    const only = returns.kind === "one" ? results[0]?.step : undefined;
    const frame: Frame = { items: new Map() };
    if (returns.kind === "record")
      returns.entries.forEach(([name], i) => {
        const result = results[i] as TemplateResult;
        if (!reservedNames.has(name) && /^[a-z_][a-z0-9_]*$/.test(name)) this.#wanted.set(result.step, name);
      });
    const body = this.#statements(steps, frame, only);
    // A dictionary may have an entry a line; a tuple is one.
    const values = results.map((result) => this.#values.read(result));
    const dict: PyExpr = { kind: "dict", entries: returns.entries.map(([name], i) => [pyConstant(name), values[i] as PyExpr]) };
    const value = { one: values[0] as PyExpr, record: dict, list: pyTuple(values) }[returns.kind];
    return [...body, { kind: "return", value }];
  }

  /** The statements of steps in their order; those under a test are written where the test is. `last` is what is returned. */
  #statements(steps: readonly TemplateStep[], frame: Frame, last?: TemplateStep): PyStatement[] {
    const own = steps.filter((step) => !this.#inBranch.has(step) && step.kind !== "input");
    for (const step of own) this.#nesting.nameTooLong(step, last);
    return own.flatMap((step) => this.#step(step, frame, last));
  }

  #step(step: TemplateStep, frame: Frame, last: TemplateStep | undefined): readonly PyStatement[] {
    return [...this.#computed(step, frame, last), ...this.#append(step)];
  }

  /** `skips.append(x)` where a loop keeps what the step gives. */
  #append(step: TemplateStep): readonly PyStatement[] {
    const kept = this.#kept.get(step);
    if (kept === undefined) return [];
    const reads: Variable[] = [];
    const value = this.#values.read(kept.value, reads);
    this.#values.release(reads);
    return [appended(kept.list, value)];
  }

  #computed(step: TemplateStep, frame: Frame, last: TemplateStep | undefined): readonly PyStatement[] {
    if (step.kind === "loop") return this.#loop(step, frame);
    if (step.kind === "select") return this.#select(step, frame, last);
    const reads: Variable[] = [];
    const expression = this.#expressions.applied(
      step,
      step.inputs.map((input) => this.#values.read(input, reads)),
      frame,
    );
    if (this.#nesting.nests(step, last)) {
      this.#values.nest(step, { expression, reads });
      return [];
    }
    return this.#assign(step, expression, reads);
  }

  #assign(step: TemplateStep, expression: PyExpr, reads: readonly Variable[]): readonly PyStatement[] {
    const several = step.outputs > 1 || (step.kind === "call" && step.returns.kind !== "one");
    if (!several) {
      const died = this.#values.release(reads);
      const wanted = this.#wanted.get(step);
      const name = wanted === undefined ? this.#values.name(died) : this.#values.unused(wanted);
      this.#values.declare(step, 0, name);
      return [{ kind: "assign", target: name, value: expression }];
    }
    const uses = this.#values.usesOf(step);
    const total = uses.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    if (total === 1) {
      const output = uses.findIndex((count) => (count ?? 0) > 0);
      this.#values.nest(step, { expression: this.#values.entryOf(step, output, expression), reads });
      return [];
    }
    const died = this.#values.release(reads);
    if (step.kind === "call" && step.returns.kind === "record") {
      // A name of its own: a variable keeps its type.
      const name = this.#values.unused("results");
      this.#values.declare(step, 0, name, true);
      return [{ kind: "assign", target: name, value: expression }];
    }
    const outputs =
      step.kind === "call" ? step.returns.entries.map(([, output]) => output) : Array.from({ length: step.outputs }, (_, i) => i);
    const seen = new Set<number>();
    const targets = outputs.map((output) => {
      if (seen.has(output) || this.#values.used(step, output) === 0) return "_";
      seen.add(output);
      const name = this.#values.name(died);
      this.#values.declare(step, output, name);
      return name;
    });
    return [{ kind: "assign", target: targets, value: expression }];
  }

  /** `y if test else x` where that is an expression; else an `if` that changes a variable. */
  #select(step: TemplateStep & { kind: "select" }, frame: Frame, last: TemplateStep | undefined): readonly PyStatement[] {
    const [then, otherwise] = step.inputs as readonly [TemplateResult, TemplateResult];
    const [inThen, inOtherwise] = this.#branches.get(step) ?? [[], []];
    const reads: Variable[] = [];
    const kept = inOtherwise.length === 0 ? otherwise : inThen.length === 0 ? then : undefined;
    const inside = inOtherwise.length === 0 ? inThen : inOtherwise;
    const test = this.#expressions.test(step.test, inThen);
    if (kept !== undefined && inside.length > 0 && this.#diesIn(kept, inside)) {
      // `if self.norm is not None: x = self.norm(x)`
      const variable = this.#values.variableOf(kept);
      if (variable !== undefined) {
        const result = inOtherwise.length === 0 ? then : otherwise;
        const body = this.#branch(inside, result, frame, variable.name);
        this.#values.release([variable]);
        this.#values.declare(step, 0, variable.name);
        return [{ kind: "if", test: inOtherwise.length === 0 ? test : pyNot(test), body, otherwise: [] }];
      }
    }
    if ([inThen, inOtherwise].every((side) => side.every((inner) => this.#nesting.nestsInBranch(inner)))) {
      const sides = [then, otherwise].map((result, i) => {
        for (const inner of i === 0 ? inThen : inOtherwise) {
          const expression = this.#expressions.applied(
            inner,
            inner.inputs.map((input) => this.#values.read(input, reads)),
            frame,
          );
          this.#values.nest(inner, { expression, reads: [] });
        }
        return this.#values.read(result, reads);
      }) as [PyExpr, PyExpr];
      const expression = pyIf(test, ...sides);
      if (this.#values.used(step) === 1 && !this.#nesting.isNamed(step) && (step === last || printExpr(expression).length < 60)) {
        this.#values.nest(step, { expression, reads });
        return [];
      }
      return this.#assign(step, expression, reads);
    }
    const name = this.#values.name();
    this.#values.hold(name, 1);
    const sides = [this.#branch(inThen, then, frame, name), this.#branch(inOtherwise, otherwise, frame, name)] as const;
    this.#values.hold(name, -1);
    this.#values.declare(step, 0, name);
    return [{ kind: "if", test, body: sides[0], otherwise: sides[1] }];
  }

  #branch(steps: readonly TemplateStep[], result: TemplateResult, frame: Frame, name: string): readonly PyStatement[] {
    for (const step of steps) this.#inBranch.delete(step);
    const body = this.#statements(steps, frame, result.step);
    const reads: Variable[] = [];
    const value = this.#values.read(result, reads);
    this.#values.release(reads);
    return value.kind === "name" && value.name === name ? body : [...body, { kind: "assign", target: name, value }];
  }

  /** Whether nothing reads a value but the steps under a test, and what the test gives. */
  #diesIn(result: TemplateResult, inside: readonly TemplateStep[]): boolean {
    const reads = inside
      .flatMap(({ inputs }) => inputs)
      .filter(({ step, output }) => step === result.step && output === result.output);
    return this.#values.variableOf(result)?.left === reads.length + 1;
  }

  #loop(step: TemplateStep & { kind: "loop" }, frame: Frame): readonly PyStatement[] {
    const { lists, body, kept, pops, inputs } = step;
    const statements: PyStatement[] = [];
    const [initial, ...others] = inputs as readonly [TemplateResult, ...TemplateResult[]];
    const stack = pops ? this.#stacks.get((others.at(-1) as TemplateResult).step) : undefined;
    const constants = pops ? others.slice(0, -1) : others;
    const reads: Variable[] = [];
    const names = constants.map((constant) => {
      const value = this.#values.read(constant, reads);
      // What is computed once is not computed, or taken of a list, in every iteration.
      const name = value.kind === "name" ? value.name : this.#values.name();
      if (value.kind !== "name") statements.push({ kind: "assign", target: name, value });
      // All iterations read them, whether or not anything does after the loop.
      this.#values.hold(name, 1);
      return name;
    });
    const first = this.#values.read(initial, reads);
    this.#values.release(reads);
    const name = first.kind === "name" && this.#values.isFree(first.name) ? first.name : this.#values.name();
    if (first.kind !== "name" || first.name !== name) statements.push({ kind: "assign", target: name, value: first });
    this.#values.hold(name, 1);
    const items = new Map<string, string>();
    for (const [list] of lists) {
      const item = this.#values.unused(itemOf(list, body, lists.length));
      this.#values.hold(item, 1);
      items.set(nameOf(list), item);
    }
    const around = this.#stacks.get(step);
    const keep = around ?? (kept === undefined ? undefined : this.#values.unused("skips"));
    if (keep !== undefined && around === undefined) {
      this.#values.hold(keep, 1);
      this.#stacks.set(step, keep);
      statements.push({ kind: "assign", target: keep, value: { kind: "list", items: [] } });
    }
    const walked = lists.map(([list, from]) => this.#expressions.items(list, from, frame));
    const iterable = walked.length === 1 ? (walked[0] as PyExpr) : pyCall(pyName("zip"), walked, { strict: pyConstant(true) });
    const lines = this.#iteration(
      body,
      name,
      names,
      { items: new Map([...frame.items, ...items]) },
      { taken: stack, kept: keep },
    );
    const targets = [...items.values()];
    statements.push({
      kind: "for",
      target: targets.length === 1 ? (targets[0] as string) : targets,
      iterable,
      body: [...lines, ...(keep === undefined || body.results.length > 1 ? [] : [appended(keep, pyName(name))])],
    });
    for (const each of [...names, ...items.values(), name]) this.#values.hold(each, -1);
    if (kept === "all but the last") {
      const top = this.#values.used(step) > 1 ? this.#values.unused("last") : name;
      statements.push({ kind: "assign", target: top, value: popped(keep) });
      this.#values.declare(step, 0, top);
    } else this.#values.declare(step, 0, name);
    return statements;
  }

  /** The statements of one iteration, which end in what the variable `name` becomes. */
  #iteration(
    body: TemplateSteps,
    name: string,
    constants: readonly string[],
    frame: Frame,
    { taken, kept }: { readonly taken: string | undefined; readonly kept: string | undefined },
  ): readonly PyStatement[] {
    // Within the iteration the carried value may die, and its name go on.
    this.#values.hold(name, -1);
    for (const step of body.steps) {
      if (step.kind !== "input") continue;
      if (step.name === "carried") this.#values.declare(step, 0, name);
      else if (step.name === "popped") {
        this.#values.nest(step, { expression: popped(taken), reads: [] });
        // A loop within takes of the same list.
        if (taken !== undefined) this.#stacks.set(step, taken);
      } else this.#values.declare(step, 0, constants[Number(step.name.split(" ")[1])] as string);
    }
    const [result, second] = body.results as readonly [TemplateResult, TemplateResult | undefined];
    if (second !== undefined && kept !== undefined) {
      if (second.step.kind === "loop" && second.output === 1) this.#stacks.set(second.step, kept);
      else this.#kept.set(second.step, { list: kept, value: second });
    }
    const before = second?.step.kind === "input" ? this.#append(second.step) : [];
    const statements = [...before, ...this.#statements(body.steps, frame, result.step)];
    const reads: Variable[] = [];
    const value = this.#values.read(result, reads);
    this.#values.release(reads);
    this.#values.hold(name, 1);
    return value.kind === "name" && value.name === name ? statements : [...statements, { kind: "assign", target: name, value }];
  }
}
