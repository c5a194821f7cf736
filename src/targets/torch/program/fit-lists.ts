/** Rules of lists: a list that is known, without an end of it, or with another number at one. */
import type { PyConstant } from "../../../ir/python.ts";
import { known, type Items } from "./fit-places.ts";
import { distinct } from "./fit-terms.ts";
import { constant, type ItemRule, type Rule } from "./rules.ts";

/** A list that can be computed from the settings, with what it is in each sample. */
export interface Sequence {
  readonly rule: Rule;
  readonly values: readonly (readonly number[])[];
}

/** Lists, and what they are times a number or twice it, each item once or more often. */
export function scaledLists(
  lists: readonly Rule[],
  numbers: readonly Rule[],
  hasFractions: (rule: Rule) => boolean,
): readonly Rule[] {
  const doubled = numbers.map((right): Rule => ({ kind: "arithmetic", operator: "*", left: constant(2), right }));
  const factors = [constant(1), ...numbers, ...doubled];
  return lists.flatMap((list) =>
    factors.flatMap((factor) =>
      [1, 2, 3].map((times): Rule => {
        if (factor.kind === "constant" && times === 1) return list;
        const scaled = { kind: "scaled", list, factor, times, whole: false } as const;
        return { ...scaled, whole: hasFractions(scaled) };
      }),
    ),
  );
}

/** `number` is how one number follows. What is not known of a list may be anything. */
export function sequenceRule(
  values: readonly Items[],
  sequences: readonly Sequence[],
  number: (values: Items) => Rule | undefined,
): Rule | undefined {
  const found = sequences.find((sequence) => isSame(sequence.values, values));
  if (found !== undefined) return found.rule;
  const ends = values.some((list) => list.length === 0)
    ? []
    : ([
        { end: "first", rest: values.map((list) => list.slice(1)), by: values.map((list) => list[0]) },
        { end: "last", rest: values.map((list) => list.slice(0, -1)), by: values.map((list) => list.at(-1)) },
      ] as const);
  for (const { end, rest, by } of ends) {
    for (const { rule, values: own } of sequences) {
      const without = (["last", "first"] as const).find((which) => isSame(own, rest, which));
      if (without === undefined && !isSame(own, rest)) continue;
      const edge = number(by);
      const list: Rule = without === undefined ? rule : { kind: "without", list: rule, end: without };
      if (edge !== undefined) return { kind: "extended", list, by: edge, end };
    }
  }
  for (const end of ["last", "first"] as const) {
    const shorter = sequences.find(({ values: own }) => isSame(own, values, end));
    if (shorter !== undefined) return { kind: "without", list: shorter.rule, end };
  }
  return undefined;
}

/** Whether these are the lists, where one end of each is left out. */
function isSame(lists: Sequence["values"], values: readonly Items[], without?: "first" | "last"): boolean {
  return lists.every((items, i) => {
    const list = values[i];
    const length = without === undefined ? items.length : Math.max(0, items.length - 1);
    const from = without === "first" ? 1 : 0;
    return list?.length === length && list.every((item, at) => item === undefined || item === items[at + from]);
  });
}

/** What one end of a list has alone; `fit` is how a value follows in some of the samples. */
export function edgeRule(
  values: readonly Items[],
  fit: (indices: readonly number[], values: readonly PyConstant[]) => Rule | undefined,
): ItemRule | undefined {
  for (const end of ["last", "first"] as const) {
    const edges = values.map((list) => list.at(end === "first" ? 0 : -1));
    const there = edges.flatMap((edge, i) => (edge === undefined ? [] : [i]));
    const rests = values.map((list) => known(end === "first" ? list.slice(1) : list.slice(0, -1)));
    if (!rests.every((rest) => distinct(rest) <= 1)) continue;
    const filled = rests.flatMap((rest, i) => (rest.length > 0 ? [i] : []));
    const at = fit(
      there,
      there.map((i) => edges[i] as PyConstant),
    );
    const rest =
      at === undefined
        ? undefined
        : fit(
            filled,
            filled.map((i) => rests[i]?.[0] as PyConstant),
          );
    if (at !== undefined && rest !== undefined) return { kind: "edge", end, at, rest };
  }
  return undefined;
}

/** Beyond so many a list is one that a rule makes, not one that an author writes place by place. */
const mostWritten = 8;

/** A list as long in every sample, with a rule for each of its places. */
export function tupleRule(
  values: readonly (readonly number[])[],
  fit: (values: readonly number[]) => Rule | undefined,
): Rule | undefined {
  const [length, ...others] = [...new Set(values.map((list) => list.length))];
  if (others.length > 0 || length === undefined || length === 0 || length > mostWritten) return undefined;
  const items: Rule[] = [];
  for (let place = 0; place < length; place++) {
    const rule = fit(values.map((list) => list[place] as number));
    if (rule === undefined) return undefined;
    items.push(rule);
  }
  return { kind: "tuple", items };
}
