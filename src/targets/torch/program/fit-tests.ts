/** Conditions that may hold: comparisons of what can be computed from settings, and two of them together. */
import type { PyConstant } from "../../../ir/python.ts";
import type { Term } from "./fit-terms.ts";
import { constant, type Rule } from "./rules.ts";

/** What can be compared, with its value in each sample. */
export interface Leaf {
  readonly rule: Rule;
  readonly values: readonly (PyConstant | undefined)[];
}

/** A condition, with the samples in which it holds. */
export interface Condition {
  readonly rule: Rule;
  readonly holds: readonly boolean[];
}

/** Comparisons with 0, 1 and texts, then of two numbers with each other. */
export function* comparisons(leaves: readonly Leaf[], numbers: readonly Rule[]): Generator<Rule> {
  for (const { rule: left, values } of leaves) {
    if (values.every((value) => typeof value === "number")) {
      for (const operator of [">", "!=", "=="] as const) yield { kind: "compare", operator, left, right: constant(0) };
      for (const operator of [">", "!=", "=="] as const) yield { kind: "compare", operator, left, right: constant(1) };
    }
    if (values.every((value) => typeof value === "string"))
      for (const text of new Set(values)) yield { kind: "compare", operator: "==", left, right: constant(text) };
  }
  for (const [i, left] of numbers.entries()) {
    for (const right of numbers.slice(i + 1))
      for (const operator of ["!=", "==", ">", "<"] as const) yield { kind: "compare", operator, left, right };
  }
}

/** Comparisons of numbers with others. */
export function* compared(left: readonly Term[], right: readonly Term[]): Generator<Rule> {
  for (const { rule: a } of left)
    for (const { rule: b } of right)
      for (const operator of ["!=", "==", ">", "<"] as const) yield { kind: "compare", operator, left: a, right: b };
}

/** What numbers become where each item of a list halves them, and by what they are divided there: attention stands at listed resolutions. */
function halvings(leaves: readonly Rule[]): readonly Rule[] {
  const powers = leaves
    .filter(({ kind }) => kind === "index")
    .map((right): Rule => ({ kind: "arithmetic", operator: "**", left: constant(2), right }));
  const sizes = leaves.filter(({ kind }) => kind === "parameter");
  const quotients = powers.flatMap((right) =>
    sizes.flatMap((left) => (["/", "//"] as const).map((operator): Rule => ({ kind: "arithmetic", operator, left, right }))),
  );
  return [...powers, ...quotients];
}

/** Thresholds that are tried where the author's code has none. */
const near = [2, 3, 4, 5, 6, 7, 8];
/** So many places are asked for in lists of positions. */
const positions = Array.from({ length: 8 }, (_, i) => i);

/** Remainders, thresholds at numbers that the author's code has, places in lists of positions. */
export function* rareComparisons(leaves: readonly Leaf[], lists: readonly Rule[], turns: readonly number[]): Generator<Rule> {
  for (const { rule: left, values } of leaves) {
    if (!values.every((value) => typeof value === "number")) continue;
    for (const divisor of left.kind === "index" ? [2] : [2, 3, 4]) {
      const rest: Rule = { kind: "arithmetic", operator: "%", left, right: constant(divisor) };
      for (const right of [0, 1]) yield { kind: "compare", operator: "==", left: rest, right: constant(right) };
    }
    // In the author's own numbers first.
    for (const turn of new Set([...turns.filter((each) => each > 0), ...near])) {
      for (const operator of [">=", ">", "=="] as const)
        if (operator !== ">" || turns.includes(turn)) yield { kind: "compare", operator, left, right: constant(turn) };
    }
    for (const list of lists) yield { kind: "compare", operator: "in", left, right: list };
  }
  const halved = halvings(leaves.map(({ rule }) => rule));
  for (const left of halved) for (const list of lists) yield { kind: "compare", operator: "in", left, right: list };
  for (const list of lists)
    for (const at of new Set([...positions, ...turns]))
      yield { kind: "compare", operator: "in", left: constant(at), right: list };
}

/** Two conditions together, one of them of `first`: either is enough, or both are needed. Each side has to show itself alone. */
export function both(tests: readonly Condition[], values: readonly boolean[], first = tests): Rule | undefined {
  for (const [operator, side] of [
    ["or", true],
    ["and", false],
  ] as const) {
    // Where one side of an `or` holds, the whole does; where one side of an `and` does not, the whole does not.
    const fitting = tests.filter(({ holds }) => holds.every((value, i) => value !== side || values[i] === side));
    for (const [i, a] of fitting.entries()) {
      if (!first.includes(a)) continue;
      for (const b of fitting.slice(i + 1)) {
        const together = values.every((value, at) => (a.holds[at] === side || b.holds[at] === side) === (value === side));
        const alone = (one: Condition, other: Condition): number =>
          one.holds.filter((value, at) => value === side && other.holds[at] !== side).length;
        if (together && alone(a, b) > 1 && alone(b, a) > 1) return { kind: "logic", operator, left: a.rule, right: b.rule };
      }
    }
  }
  return undefined;
}

/** What conditions are made of. */
interface Known {
  readonly leaves: readonly Leaf[];
  readonly atoms: readonly Term[];
  readonly products: readonly Term[];
  /** Whether a rule gives the values. */
  readonly gives: (rule: Rule) => boolean;
  readonly condition: (rule: Rule) => Condition;
  /** Those of what can be compared at all. */
  readonly conditions: () => readonly Condition[];
}

/** The condition that holds where the values are true. */
export function conditionRule(
  values: readonly boolean[],
  { leaves, atoms, products, gives, condition, conditions }: Known,
): Rule | undefined {
  const fits = ({ holds }: Condition): boolean => holds.every((value, i) => value === values[i]);
  const rules = [
    ...leaves
      .filter((leaf) => leaf.values.every((value) => typeof value === "boolean"))
      .flatMap(({ rule }): readonly Rule[] => [rule, { kind: "not", of: rule }]),
    ...comparisons(
      leaves,
      atoms.map(({ rule }) => rule),
    ),
  ];
  const found = rules.find(gives);
  if (found !== undefined) return found;
  // In the author's own numbers rather than in two conditions.
  const single = conditions().find(fits);
  if (single !== undefined) return single.rule;
  const opposite = conditions().find(({ holds }) => holds.every((value, i) => value !== values[i]));
  if (opposite !== undefined) return opposed(opposite.rule);
  const tests = rules.map(condition);
  const together = both(tests, values);
  if (together !== undefined) return together;
  // A number may be compared with a product: the width of a bottleneck with what it expands to.
  const beside = [...compared(atoms, products)].map(condition).filter(({ holds }) => new Set(holds).size > 1);
  const pair = beside.find(fits)?.rule ?? both([...tests, ...beside], values);
  if (pair !== undefined) return pair;
  // A switch beside a threshold is tried last: of so many pairs one may hold by chance.
  const switches = tests.filter(({ rule }) => rule.kind === "parameter" || rule.kind === "not");
  return both([...switches, ...conditions()], values, switches);
}

/** What holds where the rule does not. */
function opposed(rule: Rule): Rule {
  return rule.kind === "compare" && rule.operator === ">=" ? { ...rule, operator: "<" } : { kind: "not", of: rule };
}

export function isNumbers(value: PyConstant | undefined): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
