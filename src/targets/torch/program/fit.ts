/** Finds the rule by which values follow from settings. A rule is taken where it holds in every sample, and where they are enough to tell. */
import type { PyConstant } from "../../../ir/python.ts";
import { Answers } from "./fit-answers.ts";
import { Search } from "./fit-search.ts";
import {
  counted,
  distinct,
  enough,
  extreme,
  hasDistinct,
  hasFractions,
  multiple,
  productsOf,
  rareTerms,
  roundedDown,
  sum,
  termsOf,
  withConstant,
  type Term,
  type Terms,
} from "./fit-terms.ts";
import { choiceOf } from "./fit-choice.ts";
import { edgeRule, scaledLists, sequenceRule, tupleRule, type Sequence } from "./fit-lists.ts";
import { foundAmongSome, known, listsOfLengths, ofItems, type Around, type Hints, type Items } from "./fit-places.ts";
import { comparisons, conditionRule, isNumbers, rareComparisons, type Condition, type Leaf } from "./fit-tests.ts";
import { constant, envAt, evaluate, parameter, placeRules, type Env, type ItemRule, type Rule } from "./rules.ts";

/** Settings in several samples, and what can be computed from them. */
export class Fitter {
  readonly #envs: readonly Env[];
  readonly #names: readonly string[];
  readonly #hints: Hints;
  /** Nothing is varied: what is the same in all samples is so because it is written so. */
  readonly #fixed: boolean;
  #terms: Terms | undefined;
  #rare: { readonly rare: readonly Term[]; readonly all: readonly Term[] } | undefined;
  #search: Search | undefined;
  #sequences: readonly Sequence[] | undefined;
  #conditions: readonly Condition[] | undefined;
  /** Fitters of some of the samples and of the items of lists: they are asked for again for every attribute, and what they know costs most. */
  readonly #parts = new Map<string, Fitter>();
  readonly #answers = new Answers();

  constructor(envs: readonly Env[], names: readonly string[], hints: Hints = {}) {
    this.#envs = envs;
    this.#names = names;
    this.#hints = hints;
    this.#fixed = names.length === 0;
  }

  /** The fitter that knows these lists, too. */
  knowing(lists: readonly Rule[]): Fitter {
    return new Fitter(this.#envs, this.#names, { ...this.#hints, lists });
  }

  /** The fitter that looks for expressions of several operations, too. */
  searching(): Fitter {
    return new Fitter(this.#envs, this.#names, { ...this.#hints, searches: true });
  }

  /** The fitter of some of the samples. */
  within(indices: readonly number[]): Fitter {
    if (indices.length === this.#envs.length) return this;
    return this.#part(`within ${indices.join()}`, () => {
      const { around } = this.#hints;
      const at = around === undefined ? [] : indices.map((i) => around.at[i] as Around["at"][number]);
      return new Fitter(
        indices.map((i) => this.#envs[i] as Env),
        this.#names,
        around === undefined ? this.#hints : { ...this.#hints, around: { ...around, at } },
      );
    });
  }

  #part(key: string, make: () => Fitter): Fitter {
    const fitter = this.#parts.get(key) ?? make();
    this.#parts.set(key, fitter);
    return fitter;
  }

  #known(values: readonly unknown[]): boolean {
    return values.length > 0 && (this.#fixed || values.length >= enough) && !hasDistinct(values, 2);
  }

  /** The rule of any value. */
  fit(values: readonly PyConstant[]): Rule | undefined {
    if (this.#hints.around !== undefined) return ofItems(values, this.#hints.around);
    if (this.#known(values)) return constant(values[0] as PyConstant);
    return this.#answers.once("fit", values, () => this.#anyValue(values));
  }

  #anyValue(values: readonly PyConstant[]): Rule | undefined {
    if (values.every((value) => typeof value === "number"))
      return (
        this.number(values) ??
        this.#searched(values) ??
        choiceOf(
          values,
          this.#hints.searches === true ? this.#allTerms().atoms : [],
          this.#allConditions(),
          this.#fixed ? 1 : enough,
        )
      );
    if (values.every((value) => typeof value === "boolean")) return this.switch(values);
    const same = this.#names.find((name) =>
      this.#envs.every((env, i) => JSON.stringify(env.get(name)) === JSON.stringify(values[i])),
    );
    if (same !== undefined && distinct(values) > 1) return parameter(same);
    return values.every((value) => Array.isArray(value)) ? this.list(values as readonly (readonly number[])[]) : undefined;
  }

  #allConditions(): readonly Condition[] {
    if (this.#conditions !== undefined) return this.#conditions;
    const { atoms } = this.#allTerms();
    const leaves = this.#leaves();
    const switches = leaves.filter(({ values }) => values.every((value) => typeof value === "boolean")).map(({ rule }) => rule);
    const rules = [
      ...switches,
      ...comparisons(
        leaves,
        atoms.map(({ rule }) => rule),
      ),
      ...rareComparisons(atoms, this.#lists(), this.#hints.turns ?? []),
    ];
    this.#conditions = rules
      .map((rule) => ({ rule, holds: this.#envs.map((env) => evaluate(rule, env) === true) }))
      .filter(({ holds }) => hasDistinct(holds, 2));
    return this.#conditions;
  }

  /** Settings that are lists of numbers. */
  #lists(): readonly Rule[] {
    return this.#names.filter((name) => this.#envs.every((env) => isNumbers(env.get(name)))).map(parameter);
  }

  #leaves(): readonly Leaf[] {
    return [...(this.#hints.place ?? []), ...this.#names.map(parameter)].map((rule) => ({
      rule,
      values: this.#envs.map((env) => evaluate(rule, env)),
    }));
  }

  number(values: readonly number[]): Rule | undefined {
    if (this.#hints.around !== undefined) return ofItems(values, this.#hints.around);
    if (this.#known(values)) return constant(values[0] as number);
    return this.#answers.once("number", values, () => this.#anyNumber(values, this.#allTerms()));
  }

  #anyNumber(values: readonly number[], { atoms, all }: Terms): Rule | undefined {
    const found = multiple(all, values) ?? withConstant(atoms, values) ?? sum(all, values) ?? extreme(all, values);
    if (found !== undefined) return counted(found, values, this.#envs);
    const counts = values.every((value) => Number.isInteger(value));
    return (counts ? roundedDown(all, values) : undefined) ?? this.#rareNumber(values);
  }

  /** What is tried last: powers of two, other items of lists, their sum. */
  #rareNumber(values: readonly number[]): Rule | undefined {
    const { all } = this.#rareTerms();
    const found = multiple(all, values) ?? withConstant(all, values) ?? extreme(all, values);
    return found === undefined ? undefined : counted(found, values, this.#envs);
  }

  #rareTerms(): { readonly rare: readonly Term[]; readonly all: readonly Term[] } {
    if (this.#rare !== undefined) return this.#rare;
    const [{ atoms }, of] = [this.#allTerms(), (rule: Rule) => this.#term(rule)];
    const rare = rareTerms(atoms, this.#lists(), this.#hints.lists ?? [], of);
    return (this.#rare = { rare, all: [...rare, ...productsOf(atoms, rare, of)] });
  }

  /** An expression of several operations. */
  #searched(values: readonly number[]): Rule | undefined {
    if (this.#fixed || this.#hints.searches !== true || !values.every((value) => Number.isInteger(value))) return undefined;
    this.#search ??= new Search([...this.#allTerms().atoms, ...this.#rareTerms().rare], this.#hints.turns ?? []);
    const found = this.#search.rule(values);
    return found === undefined ? undefined : counted(found, values, this.#envs);
  }

  #allTerms(): Terms {
    if (this.#terms !== undefined) return this.#terms;
    const numbers = [...(this.#hints.place ?? []), ...this.#names.map(parameter)];
    const lists = this.#names.filter((name) => this.#envs.every((env) => Array.isArray(env.get(name)))).map(parameter);
    return (this.#terms = termsOf(numbers, lists, (rule) => this.#term(rule)));
  }

  /** Where a rule gives numbers, and enough of them. */
  #term(rule: Rule): readonly Term[] {
    const values = this.#envs.map((env) => evaluate(rule, env));
    return values.every((value) => typeof value === "number" && Number.isFinite(value)) && hasDistinct(values, enough)
      ? [{ rule, values: values as readonly number[] }]
      : [];
  }

  /** The condition under which a switch is on. */
  switch(values: readonly boolean[]): Rule | undefined {
    if (this.#hints.around !== undefined) return ofItems(values, this.#hints.around);
    if (this.#known(values)) return constant(values[0] as boolean);
    return this.#answers.once("switch", values, () =>
      conditionRule(values, {
        leaves: this.#leaves(),
        ...this.#allTerms(),
        conditions: () => this.#allConditions(),
        gives: (rule) => this.#envs.every((env, i) => evaluate(rule, env) === values[i]),
        condition: (rule) => ({ rule, holds: this.#envs.map((env) => evaluate(rule, env) === true) }),
      }),
    );
  }

  /** The rule of a list of numbers as a whole. */
  list(values: readonly (readonly number[])[]): Rule | undefined {
    if (this.#known(values)) return constant(values[0] as readonly number[]);
    return this.#sequence(values) ?? tupleRule(values, (items) => this.fit(items));
  }

  /** The fitter of the items of a list that has so many in each sample: what follows may follow from the place, too. */
  places(lengths: readonly number[]): Fitter {
    return this.#part(`places ${lengths.join()}`, () => {
      const level = this.#hints.level ?? 0;
      const at = lengths.flatMap((length, sample) => Array.from({ length }, (_, place) => [sample, place] as const));
      return new Fitter(
        at.map(([sample, place]) => envAt(this.#envs[sample] as Env, place, level)),
        this.#names,
        {
          ...this.#hints,
          level: level + 1,
          place: [...(this.#hints.place ?? []), ...placeRules(listsOfLengths(this.#names, this.#envs, lengths), level)],
          around: { fitter: this, lengths, at, level },
        },
      );
    });
  }

  /** The rule of an attribute of the items of a list; in some samples the list may be longer than in others. */
  items(values: readonly Items[]): ItemRule | undefined {
    return this.#answers.once("items", values, () => this.#anyItems(values));
  }

  #anyItems(values: readonly Items[]): ItemRule | undefined {
    if (values.every((list) => distinct(known(list)) <= 1)) {
      const filled = values.flatMap((list, i) => (known(list).length > 0 ? [i] : []));
      const rule = this.within(filled).fit(filled.map((i) => known(values[i] as Items)[0] as PyConstant));
      if (rule !== undefined) return { kind: "each", rule };
    }
    const numeric = values.every((list) => known(list).every((item) => typeof item === "number"));
    const own = numeric ? this.#sequence(values) : undefined;
    if (own !== undefined) return { kind: "sequence", parts: [own] };
    const edge = edgeRule(values, (indices, some) => this.within(indices).fit(some));
    if (edge !== undefined) return edge;
    for (const part of numeric ? this.#allSequences() : []) {
      if (!part.values.every((list, i) => list.length === values[i]?.length)) continue;
      const without = (item: number | undefined, i: number, at: number): number | undefined =>
        item === undefined ? undefined : item - (part.values[i]?.[at] as number);
      const rest = this.#sequence(
        values.map((list, i) => (list as (number | undefined)[]).map((item, at) => without(item, i, at))),
      );
      if (rest !== undefined) return { kind: "sequence", parts: [rest, part.rule] };
    }
    return this.#byPlace(values);
  }

  /** Each item on its own: its place, and what stands there in the lists of the configuration that are as long. */
  #byPlace(values: readonly Items[]): ItemRule | undefined {
    if (this.#fixed) return undefined;
    const inside = this.places(values.map((list) => list.length)).#alone();
    const all = values.flat();
    const filled = all.flatMap((value, i) => (value === undefined ? [] : [i]));
    const rule = foundAmongSome(
      filled,
      (some) => inside.within(some).fit(some.map((i) => all[i] as PyConstant)),
      (found, i) => JSON.stringify(evaluate(found, inside.#envs[i] as Env)) === JSON.stringify(all[i]),
    );
    return rule === undefined ? undefined : { kind: "place", rule };
  }

  /** The fitter that takes its samples for themselves. */
  #alone(): Fitter {
    return this.#part("alone", () => new Fitter(this.#envs, this.#names, { ...this.#hints, around: undefined }));
  }

  #sequence(values: readonly Items[]): Rule | undefined {
    return sequenceRule(values, this.#allSequences(), (each) => {
      const filled = each.flatMap((value, i) => (value === undefined ? [] : [i]));
      return this.within(filled).number(filled.map((i) => each[i] as number));
    });
  }

  /** Lists of the configuration, times numbers of it, each item once or more often, also in reverse. */
  #allSequences(): readonly Sequence[] {
    if (this.#sequences !== undefined) return this.#sequences;
    const lists = this.#names.filter((name) => {
      const values = this.#envs.map((env) => env.get(name));
      return values.every(isNumbers) && distinct(values) >= enough;
    });
    const single = this.#allTerms().atoms.flatMap(({ rule }) => (rule.kind === "parameter" ? [rule] : []));
    const forward = scaledLists(lists.map(parameter), single, (rule) => hasFractions(rule, this.#envs));
    const plain = [...forward, ...(this.#hints.lists ?? [])];
    const rules = [...plain, ...plain.map((list): Rule => ({ kind: "reversed", list }))];
    this.#sequences = rules.map((rule) => ({ rule, values: this.#envs.map((env) => evaluate(rule, env) as readonly number[]) }));
    return this.#sequences;
  }
}
