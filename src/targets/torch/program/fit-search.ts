/** Rules that nest operations: what is no sum, product or limit of settings is looked for among all small expressions of them. */
import { distinct, type Term } from "./fit-terms.ts";
import { constant, type Rule } from "./rules.ts";

/** So many samples, with so many different values, tell a rule of three operations from a coincidence among all that are tried. */
const enoughSamples = 10;
const enoughValues = 4;
/** So many settings and numbers are combined; the number of expressions grows with its square. */
const [mostTerms, mostNumbers] = [18, 8];

interface Operation {
  readonly of: (a: number, b: number) => number;
  readonly rule: (left: Rule, right: Rule) => Rule;
  /** `b op a` is the same. */
  readonly symmetric?: true;
  /** Either side has to show itself: a limit that is never reached is none. */
  readonly limit?: true;
  /** For whole numbers: of fractions Python's `//` rounds otherwise than a quotient that is rounded down. */
  readonly whole?: true;
}

const arithmetic = (operator: "+" | "-" | "*" | "//"): Operation["rule"] => {
  return (left, right) => ({ kind: "arithmetic", operator, left, right });
};
const extreme = (of: "min" | "max"): Operation["rule"] => {
  return (left, right) => ({ kind: "extreme", of, left, right });
};

/** Without brackets, numbers first. */
function product(left: Rule, right: Rule): Rule {
  if (right.kind === "constant") {
    if (left.kind === "constant") return constant((left.value as number) * (right.value as number));
    return product(right, left);
  }
  return right.kind === "arithmetic" && right.operator === "*"
    ? product(product(left, right.left), right.right)
    : arithmetic("*")(left, right);
}

/** What undoes itself: the other side follows from the value. */
const sums: readonly Operation[] = [
  { of: (a, b) => a * b, rule: product, symmetric: true },
  { of: (a, b) => a + b, rule: arithmetic("+"), symmetric: true },
  { of: (a, b) => a - b, rule: arithmetic("-") },
];
const others: readonly Operation[] = [
  { of: (a, b) => Math.floor(a / b), rule: arithmetic("//"), whole: true },
  { of: Math.min, rule: extreme("min"), symmetric: true, limit: true },
  { of: Math.max, rule: extreme("max"), symmetric: true, limit: true },
];
/** Taken where nothing else holds: of numbers that divide it gives what `//` gives. */
const roundedUp: Operation = { of: (a, b) => Math.ceil(a / b), rule: (left, right) => ({ kind: "ceiling", left, right }) };

/** Expressions over settings and numbers, in all samples at once. */
export class Search {
  readonly #leaves: readonly Term[];
  readonly #samples: number;
  readonly #levels: (readonly [pairs: ByValues, operations: readonly Operation[]])[] = [];

  /** `numbers` are those that the author's code has. */
  constructor(terms: readonly Term[], numbers: readonly number[]) {
    this.#samples = terms[0]?.values.length ?? 0;
    const whole = [...new Set([1, 2, ...numbers])].filter((each) => Number.isInteger(each) && each > 0);
    const constants = whole.slice(0, mostNumbers).map((each): Term => {
      return { rule: constant(each), values: new Array<number>(this.#samples).fill(each) };
    });
    this.#leaves = [...terms.slice(0, mostTerms), ...constants];
  }

  rule(values: readonly number[]): Rule | undefined {
    if (this.#samples < enoughSamples || distinct(values) < enoughValues) return undefined;
    for (const level of [0, 1]) {
      const found = this.#nested(values, level) ?? this.#factored(values, level, true);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A setting or a number times an expression. */
  #factored(values: readonly number[], level: number, again: boolean): Rule | undefined {
    for (const { rule, values: own } of this.#leaves) {
      if (own.every((each) => each === 1)) continue;
      const rest = values.map((value, i) => value / (own[i] as number));
      if (!rest.every((each) => Number.isInteger(each)) || distinct(rest) < enoughValues) continue;
      const factor =
        this.#nested(rest, level) ?? (again && rule.kind === "constant" ? this.#factored(rest, level, false) : undefined);
      if (factor !== undefined) return product(rule, factor);
    }
    return undefined;
  }

  /** Of one operation, or of one more around it. */
  #nested(values: readonly number[], level: number): Rule | undefined {
    const [pairs, operations] = (this.#levels[level] ??= this.#combined(level));
    const known = pairs.of(values);
    if (known !== undefined) return known;
    for (const { rule, values: own } of this.#leaves) {
      const inverse = (of: (value: number, other: number) => number): Rule | undefined =>
        pairs.of(values.map((value, i) => of(value, own[i] as number)));
      const factor = inverse((value, other) => value / other);
      if (factor !== undefined) return product(rule, factor);
      const rest = inverse((value, other) => value - other);
      if (rest !== undefined) return arithmetic("+")(rest, rule);
      const more = inverse((value, other) => value + other);
      if (more !== undefined) return arithmetic("-")(more, rule);
      const less = inverse((value, other) => other - value);
      if (less !== undefined) return arithmetic("-")(rule, less);
    }
    for (const operation of operations)
      for (const leaf of this.#leaves)
        for (const pair of pairs.terms) {
          if (holds(operation, pair, leaf, values)) return operation.rule(pair.rule, leaf.rule);
          if (operation.symmetric !== true && holds(operation, leaf, pair, values)) return operation.rule(leaf.rule, pair.rule);
        }
    return undefined;
  }

  #combined(level: number): readonly [ByValues, readonly Operation[]] {
    const operations = level === 0 ? others : [...others, roundedUp];
    const pairs = [...sums, ...operations].flatMap((operation) =>
      this.#leaves.flatMap((a, i) =>
        this.#leaves.flatMap((b, j): readonly Term[] => {
          if (operation.symmetric === true && j < i) return [];
          if (operation.whole === true && !(isWhole(a) && isWhole(b))) return [];
          const values = a.values.map((value, at) => operation.of(value, b.values[at] as number));
          return values.every(Number.isFinite) && distinct(values) > 1 ? [{ rule: operation.rule(a.rule, b.rule), values }] : [];
        }),
      ),
    );
    return [new ByValues(pairs), operations];
  }
}

function isWhole({ values }: Term): boolean {
  return values.every((value) => Number.isInteger(value));
}

function holds(operation: Operation, a: Term, b: Term, values: readonly number[]): boolean {
  // Most end at the first sample.
  for (let i = 0; i < values.length; i++)
    if (operation.of(a.values[i] as number, b.values[i] as number) !== values[i]) return false;
  if (operation.whole === true && !(isWhole(a) && isWhole(b))) return false;
  if (operation.limit !== true) return true;
  const alone = (one: Term, other: Term): number =>
    values.filter((value, i) => one.values[i] === value && other.values[i] !== value).length;
  return alone(a, b) > 1 && alone(b, a) > 1;
}

/** Terms, each value once, found by their values. */
class ByValues {
  readonly terms: Term[] = [];
  readonly #found = new Map<number, Term[]>();

  constructor(terms: readonly Term[]) {
    for (const term of terms) {
      if (this.of(term.values) !== undefined) continue;
      this.terms.push(term);
      const hash = hashOf(term.values);
      this.#found.set(hash, [...(this.#found.get(hash) ?? []), term]);
    }
  }

  of(values: readonly number[]): Rule | undefined {
    return this.#found.get(hashOf(values))?.find(({ values: own }) => own.every((value, i) => value === values[i]))?.rule;
  }
}

function hashOf(values: readonly number[]): number {
  return values.reduce((hash, value) => (Math.imul(hash, 31) + Math.round(value * 64)) | 0, 7);
}
