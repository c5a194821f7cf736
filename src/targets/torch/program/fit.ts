/** Finds the rule by which values follow from settings. A rule is taken where it holds in every sample, and where they are enough to tell. */
import type { PyConstant } from "../../../ir/python.ts";
import { distinct, enough, extreme, multiple, roundedDown, sum, withConstant, type Term } from "./fit-terms.ts";
import { constant, evaluate, parameter, parametersIn, type Env, type ItemRule, type Rule } from "./rules.ts";

interface Sequence {
  readonly rule: Rule;
  readonly values: readonly (readonly number[])[];
}

/** Settings in several samples, and what can be computed from them. */
export class Fitter {
  readonly #envs: readonly Env[];
  /** Nothing is varied: what is the same in all samples is so because it is written so. */
  readonly #fixed: boolean;
  readonly #names: readonly string[];
  #terms: { readonly atoms: readonly Term[]; readonly products: readonly Term[] } | undefined;
  #sequences: readonly Sequence[] | undefined;

  constructor(envs: readonly Env[], names: readonly string[]) {
    this.#envs = envs;
    this.#names = names;
    this.#fixed = names.length === 0;
  }

  /** The fitter of some of the samples. */
  within(indices: readonly number[]): Fitter {
    if (indices.length === this.#envs.length) return this;
    return new Fitter(
      indices.map((i) => this.#envs[i] as Env),
      this.#names,
    );
  }

  #known(values: readonly unknown[]): boolean {
    return distinct(values) === 1 && (this.#fixed || values.length >= enough);
  }

  /** The rule of any value. */
  fit(values: readonly PyConstant[]): Rule | undefined {
    if (this.#known(values)) return constant(values[0] as PyConstant);
    if (values.every((value) => typeof value === "number")) return this.number(values) ?? this.#choice(values);
    if (values.every((value) => typeof value === "boolean")) return this.switch(values);
    const same = this.#names.find((name) =>
      this.#envs.every((env, i) => JSON.stringify(env.get(name)) === JSON.stringify(values[i])),
    );
    if (same !== undefined && distinct(values) > 1) return parameter(same);
    return values.every((value) => Array.isArray(value)) ? this.list(values as readonly (readonly number[])[]) : undefined;
  }

  /** One rule where a switch is on, another where it is off. */
  #choice(values: readonly number[]): Rule | undefined {
    for (const test of this.#names.map(parameter)) {
      const switches = this.#envs.map((env) => evaluate(test, env));
      if (!switches.every((value) => typeof value === "boolean") || distinct(switches) === 1) continue;
      const [on, off] = [true, false].map((side) => switches.flatMap((value, i) => (value === side ? [i] : [])));
      const of = (indices: readonly number[] = []): Rule | undefined =>
        this.within(indices).number(indices.map((i) => values[i] as number));
      const then = of(on);
      const otherwise = then === undefined ? undefined : of(off);
      if (then !== undefined && otherwise !== undefined) return { kind: "choice", test, then, otherwise };
    }
    return undefined;
  }

  number(values: readonly number[]): Rule | undefined {
    if (this.#known(values)) return constant(values[0] as number);
    const { atoms, products } = this.#allTerms();
    const found =
      multiple(atoms, values) ??
      multiple(products, values) ??
      withConstant(atoms, values) ??
      sum([...atoms, ...products], values) ??
      extreme([...atoms, ...products], values);
    const counts = values.every((value) => Number.isInteger(value));
    if (found === undefined) return counts ? roundedDown([...atoms, ...products], values) : undefined;
    return counts && this.#hasFractions(found) ? { kind: "whole", of: found } : found;
  }

  /** In Python a product with a fraction is no count, even where it is whole. */
  #hasFractions(rule: Rule): boolean {
    const numbers = parametersIn(rule).flatMap((name) => this.#envs.flatMap((env) => env.get(name) ?? []));
    return numbers.some((value) => typeof value === "number" && !Number.isInteger(value));
  }

  #allTerms(): { readonly atoms: readonly Term[]; readonly products: readonly Term[] } {
    if (this.#terms !== undefined) return this.#terms;
    const of = (rule: Rule): readonly Term[] => {
      const values = this.#envs.map((env) => evaluate(rule, env));
      return values.every((value) => typeof value === "number") && distinct(values) >= enough ? [{ rule, values }] : [];
    };
    const numbers = this.#names.flatMap((name) => of(parameter(name)));
    const elements = this.#names.flatMap((name) => {
      const list = parameter(name);
      if (!this.#envs.every((env) => Array.isArray(env.get(name)))) return [];
      return [of({ kind: "element", list, at: 0 }), of({ kind: "element", list, at: -1 }), of({ kind: "length", list })].flat();
    });
    const atoms = [...numbers, ...elements];
    const products = atoms.flatMap((a, i) =>
      atoms.slice(i + 1).flatMap((b) => {
        const [left, right] = a.rule.kind === "parameter" && b.rule.kind === "element" ? [b.rule, a.rule] : [a.rule, b.rule];
        return of({ kind: "arithmetic", operator: "*", left, right });
      }),
    );
    this.#terms = { atoms, products };
    return this.#terms;
  }

  /** The condition under which a switch is on. */
  switch(values: readonly boolean[]): Rule | undefined {
    if (this.#known(values)) return constant(values[0] as boolean);
    const holds = (rule: Rule): boolean => this.#envs.every((env, i) => evaluate(rule, env) === values[i]);
    const negated = (rule: Rule): Rule => ({ kind: "not", of: rule });
    for (const rule of this.#names.map(parameter)) {
      if (!this.#envs.every((env) => typeof evaluate(rule, env) === "boolean")) continue;
      if (holds(rule)) return rule;
      if (holds(negated(rule))) return negated(rule);
    }
    const tests = [...this.#comparisons()];
    return tests.find(holds) ?? this.#both(tests, values);
  }

  /** Two conditions together: either is enough, or both are needed. Each side has to show itself alone. */
  #both(comparisons: readonly Rule[], values: readonly boolean[]): Rule | undefined {
    const switches = this.#names
      .map(parameter)
      .filter((rule) => this.#envs.every((env) => typeof evaluate(rule, env) === "boolean"))
      .flatMap((rule): readonly Rule[] => [rule, { kind: "not", of: rule }]);
    const tests = [...switches, ...comparisons].map((rule) => ({
      rule,
      holds: this.#envs.map((env) => evaluate(rule, env) === true),
    }));
    for (const [operator, side] of [
      ["or", true],
      ["and", false],
    ] as const) {
      // Where one side of an `or` holds, the whole does; where one side of an `and` does not, the whole does not.
      const fitting = tests.filter(({ holds }) => holds.every((value, i) => value !== side || values[i] === side));
      for (const [i, a] of fitting.entries()) {
        for (const b of fitting.slice(i + 1)) {
          const together = values.every((value, at) => (a.holds[at] === side || b.holds[at] === side) === (value === side));
          const alone = (one: typeof a, other: typeof a): number =>
            one.holds.filter((value, at) => value === side && other.holds[at] !== side).length;
          if (together && alone(a, b) > 1 && alone(b, a) > 1) return { kind: "logic", operator, left: a.rule, right: b.rule };
        }
      }
    }
    return undefined;
  }

  *#comparisons(): Generator<Rule> {
    const valuesOf = (name: string): readonly (PyConstant | undefined)[] => this.#envs.map((env) => env.get(name));
    for (const name of this.#names) {
      const left = parameter(name);
      const values = valuesOf(name);
      if (values.every((value) => typeof value === "number")) {
        for (const operator of [">", "!=", "=="] as const) yield { kind: "compare", operator, left, right: constant(0) };
        for (const operator of [">", "!=", "=="] as const) yield { kind: "compare", operator, left, right: constant(1) };
      }
      if (values.every((value) => typeof value === "string"))
        for (const text of new Set(values)) yield { kind: "compare", operator: "==", left, right: constant(text) };
    }
    const { atoms } = this.#allTerms();
    for (const [i, a] of atoms.entries()) {
      for (const b of atoms.slice(i + 1))
        for (const operator of ["!=", "==", ">", "<"] as const) yield { kind: "compare", operator, left: a.rule, right: b.rule };
    }
  }

  /** The rule of a list of numbers as a whole. */
  list(values: readonly (readonly number[])[]): Rule | undefined {
    if (this.#known(values)) return constant(values[0] as readonly number[]);
    return this.#sequence(values);
  }

  /** The rule of an attribute of the items of a list; in some samples the list may be longer than in others. */
  items(values: readonly (readonly PyConstant[])[]): ItemRule | undefined {
    if (values.every((list) => distinct(list) <= 1)) {
      const filled = values.flatMap((list, i) => (list.length > 0 ? [i] : []));
      const rule = this.within(filled).fit(filled.map((i) => values[i]?.[0] as PyConstant));
      if (rule !== undefined) return { kind: "each", rule };
    }
    const numeric = values.every((list) => list.every((item) => typeof item === "number"));
    const numbers = values as readonly (readonly number[])[];
    const own = numeric ? this.#sequence(numbers) : undefined;
    if (own !== undefined) return { kind: "sequence", parts: [own] };
    const edge = this.#edge(values);
    if (edge !== undefined || !numeric) return edge;
    for (const part of this.#allSequences()) {
      if (!part.values.every((list, i) => list.length === numbers[i]?.length)) continue;
      const rest = this.#sequence(numbers.map((list, i) => list.map((item, at) => item - (part.values[i]?.[at] as number))));
      if (rest !== undefined) return { kind: "sequence", parts: [rest, part.rule] };
    }
    return undefined;
  }

  /** What one end of the list has alone. */
  #edge(values: readonly (readonly PyConstant[])[]): ItemRule | undefined {
    const there = values.flatMap((list, i) => (list.length > 0 ? [i] : []));
    for (const end of ["last", "first"] as const) {
      const rests = values.map((list) => (end === "first" ? list.slice(1) : list.slice(0, -1)));
      if (!rests.every((rest) => distinct(rest) <= 1)) continue;
      const filled = rests.flatMap((rest, i) => (rest.length > 0 ? [i] : []));
      const at = this.within(there).fit(there.map((i) => values[i]?.at(end === "first" ? 0 : -1) as PyConstant));
      const rest = at === undefined ? undefined : this.within(filled).fit(filled.map((i) => rests[i]?.[0] as PyConstant));
      if (at !== undefined && rest !== undefined) return { kind: "edge", end, at, rest };
    }
    return undefined;
  }

  #sequence(values: readonly (readonly number[])[]): Rule | undefined {
    const same = (list: Sequence["values"], of: readonly (readonly number[])[]): boolean =>
      list.every((items, i) => items.length === of[i]?.length && items.every((item, at) => item === of[i]?.[at]));
    const sequences = this.#allSequences();
    const found = sequences.find((sequence) => same(sequence.values, values));
    if (found !== undefined) return found.rule;
    if (values.some((list) => list.length === 0)) return undefined;
    const ends = [
      { end: "first", rest: values.map((list) => list.slice(1)), by: values.map((list) => list[0] as number) },
      { end: "last", rest: values.map((list) => list.slice(0, -1)), by: values.map((list) => list.at(-1) as number) },
    ] as const;
    for (const { end, rest, by } of ends) {
      for (const { rule, values: own } of sequences) {
        const shortened = (["last", "first"] as const).map((which) => {
          const list = own.map((items) => (which === "last" ? items.slice(0, -1) : items.slice(1)));
          return { list, rule: { kind: "without", list: rule, end: which } as const };
        });
        const inner = [...shortened, { list: own, rule }].find(({ list }) => same(list, rest));
        const edge = inner === undefined ? undefined : this.number(by);
        if (inner !== undefined && edge !== undefined) return { kind: "extended", list: inner.rule, by: edge, end };
      }
    }
    for (const which of ["last", "first"] as const) {
      const shorter = sequences.find(({ values: own }) =>
        same(
          own.map((items) => (which === "last" ? items.slice(0, -1) : items.slice(1))),
          values,
        ),
      );
      if (shorter !== undefined) return { kind: "without", list: shorter.rule, end: which };
    }
    return undefined;
  }

  /** Lists of the configuration, times numbers of it, each item once or more often, also in reverse. */
  #allSequences(): readonly Sequence[] {
    if (this.#sequences !== undefined) return this.#sequences;
    const lists = this.#names.filter((name) => {
      const values = this.#envs.map((env) => env.get(name));
      return values.every((value) => Array.isArray(value)) && distinct(values) >= enough;
    });
    const single = this.#allTerms().atoms.flatMap(({ rule }) => (rule.kind === "parameter" ? [rule] : []));
    const doubled = single.map((right): Rule => ({ kind: "arithmetic", operator: "*", left: constant(2), right }));
    const factors = [constant(1), ...single, ...doubled];
    const forward = lists.flatMap((name) =>
      factors.flatMap((factor) =>
        [1, 2, 3].map((times): Rule => {
          const plain = factor.kind === "constant" && times === 1;
          const list = parameter(name);
          if (plain) return list;
          const scaled = { kind: "scaled", list, factor, times, whole: false } as const;
          return { ...scaled, whole: this.#hasFractions(scaled) };
        }),
      ),
    );
    const rules = [...forward, ...forward.map((list): Rule => ({ kind: "reversed", list }))];
    this.#sequences = rules.map((rule) => ({ rule, values: this.#envs.map((env) => evaluate(rule, env) as readonly number[]) }));
    return this.#sequences;
  }
}
