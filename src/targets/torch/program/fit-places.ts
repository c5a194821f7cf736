/** What a fitter is told beside the settings, and what follows from the place in a list: samples of its items, and rules of them as rules of the list. */
import type { PyConstant } from "../../../ir/python.ts";
import { constant, evaluate, parameter, type Env, type ItemRule, type Rule } from "./rules.ts";

/** What is known of the items of a list; the others are undefined. */
export type Items = readonly (PyConstant | undefined)[];

/** The samples around lists whose items are samples of their own. */
export interface Around {
  readonly fitter: {
    readonly items: (values: readonly Items[]) => ItemRule | undefined;
    readonly number: (values: readonly number[]) => Rule | undefined;
  };
  /** Of the list in each sample. */
  readonly lengths: readonly number[];
  /** Where each item stands. */
  readonly at: readonly (readonly [sample: number, place: number])[];
  readonly level: number;
}

/** What is tried beside the settings themselves. */
export interface Hints {
  /** Numbers at which the author's code may do something else. */
  readonly turns?: readonly number[];
  /** Lists that other members are made of. */
  readonly lists?: readonly Rule[];
  /** Whether expressions of several operations are looked for, too. */
  readonly searches?: boolean;
  /** What an item of a list knows of its place, in so many lists around each other. */
  readonly place?: readonly Rule[];
  readonly level?: number;
  /** Where the samples are items of lists. */
  readonly around?: Around | undefined;
}

export function known(items: Items): readonly PyConstant[] {
  return items.filter((item) => item !== undefined);
}

/** The rule of one value for each of the items. */
export function ofItems(values: readonly PyConstant[], { fitter, lengths, at, level }: Around): Rule | undefined {
  const lists = lengths.map((length) => new Array<PyConstant | undefined>(length).fill(undefined));
  at.forEach(([sample, place], i) => {
    const list = lists[sample];
    if (list !== undefined) list[place] = values[i];
  });
  const rule = fitter.items(lists);
  return rule === undefined ? undefined : asRule(rule, level, () => fitter.number(lengths));
}

/** `count` is how many items there are. */
function asRule(rule: ItemRule, level: number, count: () => Rule | undefined): Rule | undefined {
  switch (rule.kind) {
    case "each":
    case "place":
      return rule.rule;
    case "sequence":
      if (new Set(rule.parts.map((part) => JSON.stringify(part))).size < rule.parts.length) return doubled(rule.parts, level);
      return rule.parts
        .map((list): Rule => ({ kind: "item", list, level }))
        .reduce((left, right) => ({ kind: "arithmetic", operator: "+", left, right }));
    case "edge": {
      const length = rule.end === "first" ? undefined : count();
      if (rule.end === "last" && length === undefined) return undefined;
      const edge: Rule =
        length === undefined ? constant(0) : { kind: "arithmetic", operator: "-", left: length, right: constant(1) };
      const at = (operator: "==" | "!="): Rule => ({ kind: "compare", operator, left: { kind: "index", level }, right: edge });
      for (const [side, other, on, off] of [
        [rule.at, rule.rest, "==", "!="],
        [rule.rest, rule.at, "!=", "=="],
      ] as const) {
        if (side.kind !== "constant" || typeof side.value !== "boolean") continue;
        const left = at(side.value ? on : off);
        return other.kind === "constant" ? left : { kind: "logic", operator: side.value ? "or" : "and", left, right: other };
      }
      return { kind: "choice", test: at("=="), then: rule.at, otherwise: rule.rest };
    }
  }
}

/** Of a list that is added to itself. */
function doubled(parts: readonly Rule[], level: number): Rule {
  const [list = constant([])] = parts;
  return { kind: "arithmetic", operator: "*", left: constant(parts.length), right: { kind: "item", list, level } };
}

/** The lists of the configuration, in either direction and without an end, that have so many items in each sample. */
export function listsOfLengths(names: readonly string[], envs: readonly Env[], lengths: readonly number[]): readonly Rule[] {
  const lists = names
    .map(parameter)
    .flatMap((list): readonly Rule[] => [list, { kind: "reversed", list }])
    .flatMap((list): readonly Rule[] => [list, { kind: "without", list, end: "last" }, { kind: "without", list, end: "first" }]);
  return lists.filter((list) =>
    envs.every((env, i) => {
      const items = evaluate(list, env);
      return Array.isArray(items) && items.length === lengths[i];
    }),
  );
}

/** A rule of places is sought among so many of them, so often anew with so many more of those where it does not hold. */
const [mostPlaces, mostFits, mostWrong] = [60, 4, 8];

/** The rule that holds at all of these places: what holds there is found among some of them, and those where the rules before did not. */
export function foundAmongSome(
  places: readonly number[],
  fit: (some: readonly number[]) => Rule | undefined,
  holds: (rule: Rule, place: number) => boolean,
): Rule | undefined {
  const step = Math.ceil(places.length / mostPlaces);
  const some = new Set(places.filter((_, i) => i % step === 0));
  for (let round = 0; round < mostFits; round++) {
    const rule = fit(places.filter((place) => some.has(place)));
    if (rule === undefined) return undefined;
    const wrong = places.filter((place) => !holds(rule, place));
    if (wrong.length === 0) return rule;
    for (const place of wrong.slice(0, mostWrong)) some.add(place);
  }
  return undefined;
}
