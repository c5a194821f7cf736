/** Rules: how a number, a switch or a list of numbers follows from a block's configuration. A rule is evaluated here and written as Python. */
import {
  pyBinary,
  pyCall,
  pyCompare,
  pyComprehension,
  pyConstant,
  pyIf,
  pyIndex,
  pyList,
  pyName,
  pySlice,
  pyStar,
  type PyBinary,
  type PyComparison,
  type PyConstant,
  type PyExpr,
} from "../../../ir/python.ts";

import { unused } from "../names.ts";

export type Rule =
  | { readonly kind: "constant"; readonly value: PyConstant }
  /** A parameter of the class: a setting of the configuration, or an argument that stands for what no rule was found for. */
  | { readonly kind: "parameter"; readonly name: string }
  /** The first or the last number of a list. */
  | { readonly kind: "element"; readonly list: Rule; readonly at: 0 | -1 }
  | { readonly kind: "length"; readonly list: Rule }
  /** `+`, `-`, `*`, and `//` for numbers that divide or are rounded down. */
  | { readonly kind: "arithmetic"; readonly operator: "+" | "-" | "*" | "//"; readonly left: Rule; readonly right: Rule }
  | { readonly kind: "extreme"; readonly of: "min" | "max"; readonly left: Rule; readonly right: Rule }
  | { readonly kind: "compare"; readonly operator: "==" | "!=" | ">" | "<"; readonly left: Rule; readonly right: Rule }
  | { readonly kind: "not"; readonly of: Rule }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Rule; readonly right: Rule }
  /** Rounded down: a count that follows from a fraction. */
  | { readonly kind: "whole"; readonly of: Rule }
  | { readonly kind: "choice"; readonly test: Rule; readonly then: Rule; readonly otherwise: Rule }
  /** `[item × factor for item in list for _ in range(times)]`; with `whole`, rounded down. */
  | { readonly kind: "scaled"; readonly list: Rule; readonly factor: Rule; readonly times: number; readonly whole: boolean }
  | { readonly kind: "reversed"; readonly list: Rule }
  | { readonly kind: "without"; readonly list: Rule; readonly end: "first" | "last" }
  /** `[first, *rest]`, or `[*rest, last]`. */
  | { readonly kind: "extended"; readonly list: Rule; readonly by: Rule; readonly end: "first" | "last" };

/** How an attribute of the items of a list follows from their position. */
export type ItemRule =
  | { readonly kind: "each"; readonly rule: Rule }
  /** The sum of the items of these lists. */
  | { readonly kind: "sequence"; readonly parts: readonly Rule[] }
  /** One at the first or the last item, another at the rest. */
  | { readonly kind: "edge"; readonly end: "first" | "last"; readonly at: Rule; readonly rest: Rule };

export type Env = ReadonlyMap<string, PyConstant>;

export const constant = (value: PyConstant): Rule => ({ kind: "constant", value });
export const parameter = (name: string): Rule => ({ kind: "parameter", name });

function numberOf(rule: Rule, env: Env): number {
  const value = evaluate(rule, env);
  return typeof value === "number" ? value : NaN;
}

function numbersOf(rule: Rule, env: Env): readonly number[] {
  const value = evaluate(rule, env);
  return Array.isArray(value) ? (value as readonly number[]) : [];
}

const arithmetic: Readonly<Record<"+" | "-" | "*" | "//", (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "//": (a, b) => Math.floor(a / b),
};

const comparisons: Readonly<Record<"==" | "!=" | ">" | "<", (a: PyConstant, b: PyConstant) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => (a as number) > (b as number),
  "<": (a, b) => (a as number) < (b as number),
};

/** What the rule gives under these parameters; undefined where one is missing. */
export function evaluate(rule: Rule, env: Env): PyConstant | undefined {
  switch (rule.kind) {
    case "constant":
      return rule.value;
    case "parameter":
      return env.get(rule.name);
    case "element":
      return numbersOf(rule.list, env).at(rule.at);
    case "length":
      return numbersOf(rule.list, env).length;
    case "arithmetic":
      return arithmetic[rule.operator](numberOf(rule.left, env), numberOf(rule.right, env));
    case "extreme":
      return Math[rule.of](numberOf(rule.left, env), numberOf(rule.right, env));
    case "compare":
      return comparisons[rule.operator](evaluate(rule.left, env) ?? null, evaluate(rule.right, env) ?? null);
    case "not":
      return evaluate(rule.of, env) === false;
    case "logic": {
      const [left, right] = [evaluate(rule.left, env) === true, evaluate(rule.right, env) === true];
      return rule.operator === "and" ? left && right : left || right;
    }
    case "whole":
      return Math.floor(numberOf(rule.of, env));
    case "choice":
      return evaluate(evaluate(rule.test, env) === true ? rule.then : rule.otherwise, env);
    case "scaled": {
      const factor = numberOf(rule.factor, env);
      return numbersOf(rule.list, env).flatMap((item) =>
        new Array<number>(rule.times).fill(rule.whole ? Math.floor(item * factor) : item * factor),
      );
    }
    case "reversed":
      return numbersOf(rule.list, env).toReversed();
    case "without":
      return rule.end === "first" ? numbersOf(rule.list, env).slice(1) : numbersOf(rule.list, env).slice(0, -1);
    case "extended": {
      const [list, by] = [numbersOf(rule.list, env), numberOf(rule.by, env)];
      return rule.end === "first" ? [by, ...list] : [...list, by];
    }
  }
}

/** The rules that a rule is made of. */
function inner(rule: Rule): readonly Rule[] {
  switch (rule.kind) {
    case "constant":
    case "parameter":
      return [];
    case "not":
    case "whole":
      return [rule.of];
    case "element":
    case "length":
    case "reversed":
    case "without":
      return [rule.list];
    case "scaled":
      return [rule.list, rule.factor];
    case "extended":
      return [rule.list, rule.by];
    case "choice":
      return [rule.test, rule.then, rule.otherwise];
    default:
      return [rule.left, rule.right];
  }
}

/** The parameters that a rule reads. */
export function parametersIn(rule: Rule): readonly string[] {
  return rule.kind === "parameter" ? [rule.name] : inner(rule).flatMap(parametersIn);
}

/** The numbers in a rule. */
export function numbersIn(rule: Rule): readonly number[] {
  return rule.kind === "constant" && typeof rule.value === "number" ? [rule.value] : inner(rule).flatMap(numbersIn);
}

/** What Python calls things: parameters by their own names in a constructor, and lists that were computed before. */
export interface Naming {
  readonly parameter: (name: string) => PyExpr;
  /** The variable that holds what the rule gives, where there is one. */
  readonly held?: (rule: Rule) => PyExpr | undefined;
}

export const ownNaming: Naming = { parameter: pyName };

export function pythonOf(rule: Rule, naming: Naming): PyExpr {
  const of = (inner: Rule): PyExpr => pythonOf(inner, naming);
  const held = naming.held?.(rule);
  if (held !== undefined) return held;
  switch (rule.kind) {
    case "constant":
      return pyConstant(rule.value);
    case "parameter":
      return naming.parameter(rule.name);
    case "element":
      return pyIndex(of(rule.list), pyConstant(rule.at));
    case "length":
      return pyCall(pyName("len"), [of(rule.list)]);
    case "arithmetic":
      return pyBinary(rule.operator satisfies PyBinary, of(rule.left), of(rule.right));
    case "extreme":
      return pyCall(pyName(rule.of), [of(rule.left), of(rule.right)]);
    case "compare":
      return pyCompare(rule.operator satisfies PyComparison, of(rule.left), of(rule.right));
    case "not":
      return { kind: "not", of: of(rule.of) };
    case "logic":
      return pyBinary(rule.operator, of(rule.left), of(rule.right));
    case "whole":
      return pyCall(pyName("int"), [of(rule.of)]);
    case "choice":
      return pyIf(of(rule.test), of(rule.then), of(rule.otherwise));
    case "scaled":
      return scaledList(rule, of);
    case "reversed":
      return pyIndex(of(rule.list), pySlice(undefined, undefined, pyConstant(-1)));
    case "without":
      return pyIndex(of(rule.list), rule.end === "first" ? pySlice(pyConstant(1)) : pySlice(undefined, pyConstant(-1)));
    case "extended": {
      const [rest, by] = [pyStar(of(rule.list)), of(rule.by)];
      return pyList(rule.end === "first" ? [by, rest] : [rest, by]);
    }
  }
}

function scaledList({ list, factor, times, whole }: Rule & { kind: "scaled" }, of: (rule: Rule) => PyExpr): PyExpr {
  const name = unused(list.kind === "parameter" ? singular(list.name) : "item", new Set(parametersIn(factor)));
  const product = factor.kind === "constant" && factor.value === 1 ? pyName(name) : pyBinary("*", of(factor), pyName(name));
  const item = whole ? pyCall(pyName("int"), [product]) : product;
  const loops = [{ target: name, iterable: of(list) }];
  const repeat = times === 1 ? [] : [{ target: "_", iterable: pyCall(pyName("range"), [pyConstant(times)]) }];
  return pyComprehension(item, [...loops, ...repeat], true);
}

/** `multipliers` → `multiplier`. */
export function singular(name: string): string {
  return name.endsWith("s") && name.length > 1 && !name.endsWith("ss") ? name.slice(0, -1) : `${name}_item`;
}
