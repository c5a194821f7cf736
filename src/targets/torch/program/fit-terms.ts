/** Rules of a number over terms: multiples, sums, limits. */
import { constant, parametersIn, type Env, type Rule } from "./rules.ts";

/** What can be computed from the settings, with its value in each sample. */
export interface Term {
  readonly rule: Rule;
  readonly values: readonly number[];
}

export interface Terms {
  readonly atoms: readonly Term[];
  readonly products: readonly Term[];
  /** Both, atoms first. */
  readonly all: readonly Term[];
}

/** So many different values, at so many samples, tell a rule from a coincidence. */
export const enough = 3;

export function distinct(values: readonly unknown[]): number {
  return new Set(values.map((value) => (typeof value === "object" ? JSON.stringify(value) : value))).size;
}

/** Whether there are so many different ones at least; most questions end at the first few. */
export function hasDistinct(values: readonly unknown[], least: number): boolean {
  const found = new Set<unknown>();
  for (const value of values) if (found.add(typeof value === "object" ? JSON.stringify(value) : value).size >= least) return true;
  return found.size >= least;
}

/** Numbers, ends and lengths of lists, and products of two of these. */
export function termsOf(numbers: readonly Rule[], lists: readonly Rule[], of: (rule: Rule) => readonly Term[]): Terms {
  const elements = lists.flatMap((list) =>
    [of({ kind: "element", list, at: 0 }), of({ kind: "element", list, at: -1 }), of({ kind: "length", list })].flat(),
  );
  const atoms = [...numbers.flatMap(of), ...elements];
  const products = atoms.flatMap((a, i) =>
    atoms.slice(i + 1).flatMap((b) => {
      const [left, right] =
        (a.rule.kind === "parameter" && b.rule.kind === "element") || a.rule.kind === "item"
          ? [b.rule, a.rule]
          : [a.rule, b.rule];
      return of({ kind: "arithmetic", operator: "*", left, right });
    }),
  );
  return { atoms, products, all: [...atoms, ...products] };
}

/** A term whose whole part it is. */
export function roundedDown(terms: readonly Term[], values: readonly number[]): Rule | undefined {
  const found = terms.find(({ values: own }) => own.every((value, i) => Math.floor(value) === values[i]));
  return found === undefined ? undefined : { kind: "whole", of: found.rule };
}

/** A term itself, a multiple of it, or what is left of it divided by a count. */
export function multiple(terms: readonly Term[], values: readonly number[]): Rule | undefined {
  for (const { rule, values: own } of terms) {
    const [first, at] = [values[0] as number, own[0] as number];
    if (own.every((value, i) => value === values[i])) return rule;
    const factor = first / at;
    if (Number.isInteger(factor) && own.every((value, i) => value * factor === values[i])) return times(factor, rule);
    const largest = own.reduce((best, value, i) => (value > (own[best] as number) ? i : best), 0);
    const divisor = Math.round((own[largest] as number) / (values[largest] as number));
    if (divisor > 1 && divisor <= 64 && own.every((value, i) => Math.floor(value / divisor) === values[i]))
      return { kind: "arithmetic", operator: "//", left: rule, right: constant(divisor) };
  }
  return undefined;
}

/** A term and a constant. */
export function withConstant(terms: readonly Term[], values: readonly number[]): Rule | undefined {
  for (const { rule, values: own } of terms) {
    const offset = (values[0] as number) - (own[0] as number);
    if (!Number.isInteger(offset) || !own.every((value, i) => value + offset === values[i])) continue;
    return { kind: "arithmetic", operator: offset < 0 ? "-" : "+", left: rule, right: constant(Math.abs(offset)) };
  }
  return undefined;
}

/** `2 * a * b`, without parentheses. */
function times(factor: number, rule: Rule): Rule {
  return rule.kind === "arithmetic" && rule.operator === "*"
    ? { ...rule, left: times(factor, rule.left) }
    : { kind: "arithmetic", operator: "*", left: constant(factor), right: rule };
}

/** Terms with the multiples of them, found by their value in the first sample. */
interface Multiples {
  readonly scaled: readonly Term[];
  readonly byFirst: ReadonlyMap<number, readonly (readonly [place: number, term: Term])[]>;
}

/** By the list of terms, which is one for all that a fitter is asked for. */
const known = new WeakMap<readonly Term[], Multiples>();

/** Each term, and what some small numbers times it are. */
function multiples(terms: readonly Term[]): Multiples {
  const found = known.get(terms);
  if (found !== undefined) return found;
  const scaled = terms.flatMap((term): readonly Term[] => [
    term,
    ...[2, 3, 4].map((factor) => ({
      rule: times(factor, term.rule),
      values: term.values.map((value) => value * factor),
    })),
  ]);
  const byFirst = new Map<number, (readonly [number, Term])[]>();
  for (const [place, term] of scaled.entries()) {
    const first = term.values[0] as number;
    const alike = byFirst.get(first);
    if (alike === undefined) byFirst.set(first, [[place, term]]);
    else alike.push([place, term]);
  }
  const made = { scaled, byFirst };
  known.set(terms, made);
  return made;
}

/** The sum or the difference of two terms or multiples of them. */
export function sum(terms: readonly Term[], values: readonly number[]): Rule | undefined {
  const { scaled, byFirst } = multiples(terms);
  for (const [i, a] of scaled.entries()) {
    const rest = (values[0] as number) - (a.values[0] as number);
    const gives = ({ values: own }: Term, sign: number): boolean =>
      own.every((value, at) => sign * value === (values[at] as number) - (a.values[at] as number));
    const b = byFirst.get(rest)?.find(([place, other]) => place > i && gives(other, 1))?.[1];
    if (b !== undefined) return { kind: "arithmetic", operator: "+", left: a.rule, right: b.rule };
    const c = byFirst.get(-rest)?.find(([place, other]) => place % 4 === 0 && gives(other, -1))?.[1];
    if (c !== undefined) return { kind: "arithmetic", operator: "-", left: a.rule, right: c.rule };
  }
  return undefined;
}

/** The smaller or larger of two terms, or of one and a constant. */
export function extreme(terms: readonly Term[], values: readonly number[]): Rule | undefined {
  for (const of of ["min", "max"] as const) {
    const beyond = terms.filter(({ values: own }) => values.every((value, at) => Math[of](own[at] as number, value) === value));
    for (const [i, a] of beyond.entries()) {
      const b = beyond.find(
        (other, j) =>
          j > i && values.every((value, at) => Math[of](a.values[at] as number, other.values[at] as number) === value),
      );
      if (b !== undefined) return { kind: "extreme", of, left: a.rule, right: b.rule };
    }
    // Against a constant: what is never exceeded, or never fallen short of, in several samples.
    const limit = of === "min" ? Math.max(...values) : Math.min(...values);
    if (values.filter((value) => value === limit).length < enough) continue;
    const capped = multiples(terms).scaled.find(({ values: own }) =>
      values.every((value, at) => Math[of](own[at] as number, limit) === value),
    );
    if (capped !== undefined) return { kind: "extreme", of, left: capped.rule, right: constant(limit) };
  }
  return undefined;
}

/** What is tried last: powers of two, items of lists beside the first and the last, sums of lists. */
export function rareTerms(
  atoms: readonly Term[],
  lists: readonly Rule[],
  computed: readonly Rule[],
  termOf: (rule: Rule) => readonly Term[],
): readonly Term[] {
  const power = (right: Rule): readonly Term[] => termOf({ kind: "arithmetic", operator: "**", left: constant(2), right });
  const powers = atoms
    .filter(({ values }) => values.every((value) => Number.isInteger(value) && value >= 0 && value <= 40))
    .flatMap(({ rule: right }) => power(right));
  const counted = atoms
    .filter(({ rule }) => rule.kind === "index")
    .flatMap(({ rule: left }) => termOf({ kind: "arithmetic", operator: "+", left, right: constant(1) }));
  const inLists = lists.flatMap((list) => [
    ...[1, 2, -2].flatMap((at) => termOf({ kind: "element", list, at })),
    ...(["max", "min", "sum"] as const).flatMap((of) => termOf({ kind: "total", of, list })),
  ]);
  const ends = computed.flatMap((list) => [0, -1].flatMap((at) => termOf({ kind: "element", list, at })));
  return [...ends, ...powers, ...counted, ...counted.flatMap(({ rule }) => power(rule)), ...inLists];
}

export function productsOf(
  atoms: readonly Term[],
  others: readonly Term[],
  termOf: (rule: Rule) => readonly Term[],
): readonly Term[] {
  return others.flatMap(({ rule: right }) =>
    atoms.flatMap(({ rule: left }) => termOf({ kind: "arithmetic", operator: "*", left, right })),
  );
}

/** In Python a product with a fraction is no count, even where it is whole. */
export function hasFractions(rule: Rule, envs: readonly Env[]): boolean {
  const isFraction = (value: unknown): boolean => typeof value === "number" && !Number.isInteger(value);
  return parametersIn(rule).some((name) =>
    envs.some((env) => {
      const value = env.get(name);
      return Array.isArray(value) ? value.some(isFraction) : isFraction(value);
    }),
  );
}

/** The rule of counts as one that gives counts in Python, too. */
export function counted(rule: Rule, values: readonly number[], envs: readonly Env[]): Rule {
  return values.every((value) => Number.isInteger(value)) && hasFractions(rule, envs) ? { kind: "whole", of: rule } : rule;
}
