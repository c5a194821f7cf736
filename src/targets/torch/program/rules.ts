/** Rules: how a number, a switch or a list of numbers follows from a block's configuration. */
import type { PyConstant } from "../../../ir/python.ts";

type Arithmetic = "+" | "-" | "*" | "/" | "//" | "%" | "**";
type Comparison = "==" | "!=" | ">" | "<" | ">=" | "in";

export type Rule =
  | { readonly kind: "constant"; readonly value: PyConstant }
  /** A parameter of the class: a setting of the configuration, or an argument that stands for what no rule was found for. */
  | { readonly kind: "parameter"; readonly name: string }
  /** The first number of a list, the last, or another. */
  | { readonly kind: "element"; readonly list: Rule; readonly at: number }
  | { readonly kind: "length"; readonly list: Rule }
  | { readonly kind: "total"; readonly of: "sum" | "max" | "min"; readonly list: Rule }
  /** In a rule of the items of a list: the place of the item, and what stands there in another list. `level` counts the lists around that one. */
  | { readonly kind: "index"; readonly level: number }
  | { readonly kind: "item"; readonly list: Rule; readonly level: number }
  /** `//` is for numbers that divide or are rounded down. */
  | { readonly kind: "arithmetic"; readonly operator: Arithmetic; readonly left: Rule; readonly right: Rule }
  /** The quotient, rounded up. */
  | { readonly kind: "ceiling"; readonly left: Rule; readonly right: Rule }
  | { readonly kind: "extreme"; readonly of: "min" | "max"; readonly left: Rule; readonly right: Rule }
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Rule; readonly right: Rule }
  | { readonly kind: "not"; readonly of: Rule }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Rule; readonly right: Rule }
  /** Rounded down: a count that follows from a fraction. */
  | { readonly kind: "whole"; readonly of: Rule }
  | { readonly kind: "choice"; readonly test: Rule; readonly then: Rule; readonly otherwise: Rule }
  /** `[item × factor for item in list for _ in range(times)]`; with `whole`, rounded down. */
  | { readonly kind: "scaled"; readonly list: Rule; readonly factor: Rule; readonly times: number; readonly whole: boolean }
  /** A list by a rule of its items: as long as the lists that the rule walks, or of `count`. */
  | { readonly kind: "mapped"; readonly rule: Rule; readonly count: Rule | undefined }
  /** A list with a rule for each of its places. */
  | { readonly kind: "tuple"; readonly items: readonly Rule[] }
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
  | { readonly kind: "edge"; readonly end: "first" | "last"; readonly at: Rule; readonly rest: Rule }
  /** A rule of the item's place, and of what stands there in lists of the same length. */
  | { readonly kind: "place"; readonly rule: Rule };

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

const arithmetic: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "//": (a, b) => Math.floor(a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
  "**": (a, b) => a ** b,
};

const comparisons: Readonly<Record<Comparison, (a: PyConstant, b: PyConstant) => boolean>> = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => (a as number) > (b as number),
  "<": (a, b) => (a as number) < (b as number),
  ">=": (a, b) => (a as number) >= (b as number),
  in: (a, b) => Array.isArray(b) && b.includes(a),
};

/** Where an environment has the place of an item in a list within so many others; no parameter is called like that. */
const places = ["#0", "#1", "#2", "#3"];

function placeIn(level: number): string {
  return (places[level] ??= `#${level}`);
}

/** The environment of the item at that place, in a list within `level` others. */
export function envAt(env: Env, at: number, level: number): Env {
  return new Map(env).set(placeIn(level), at);
}

/** The place of the item, and what stands there in these lists. */
export function placeRules(lists: readonly Rule[], level: number): readonly Rule[] {
  return [{ kind: "index", level }, ...lists.map((list): Rule => ({ kind: "item", list, level }))];
}

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
    case "total": {
      const list = numbersOf(rule.list, env);
      if (rule.of === "sum") return list.reduce((sum, item) => sum + item, 0);
      return list.length === 0 ? undefined : Math[rule.of](...list);
    }
    case "index":
      return env.get(placeIn(rule.level));
    case "item":
      return numbersOf(rule.list, env)[(env.get(placeIn(rule.level)) ?? NaN) as number];
    case "arithmetic":
      return arithmetic[rule.operator](numberOf(rule.left, env), numberOf(rule.right, env));
    case "ceiling":
      return Math.ceil(numberOf(rule.left, env) / numberOf(rule.right, env));
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
    case "mapped": {
      const lengths = listsWalked(rule.rule, 0).map((list) => numbersOf(list, env).length);
      const length = rule.count === undefined ? Math.min(...lengths) : numberOf(rule.count, env);
      return Array.from({ length: Math.max(0, length) }, (_, at) => evaluate(rule.rule, envAt(env, at, 0)) ?? NaN);
    }
    case "tuple":
      return rule.items.map((item) => evaluate(item, env) ?? NaN);
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
export function inner(rule: Rule): readonly Rule[] {
  switch (rule.kind) {
    case "constant":
    case "parameter":
    case "index":
      return [];
    case "not":
    case "whole":
      return [rule.of];
    case "element":
    case "length":
    case "total":
    case "item":
    case "reversed":
    case "without":
      return [rule.list];
    case "tuple":
      return rule.items;
    case "mapped":
      return rule.count === undefined ? [rule.rule] : [rule.rule, rule.count];
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

/** The rules that a rule is made of and that ask for the place that it asks for. */
function open(rule: Rule): readonly Rule[] {
  return rule.kind === "mapped" ? [] : inner(rule);
}

/** The lists whose items a rule reads by the place in the list of that level. */
export function listsWalked(rule: Rule, level: number): readonly Rule[] {
  const own = rule.kind === "item" && rule.level === level ? [rule.list] : [];
  return [...own, ...open(rule).flatMap((each) => listsWalked(each, level))];
}

/** Whether a rule asks for the place of an item itself, in the list of that level. */
export function asksPlace(rule: Rule, level: number): boolean {
  return (rule.kind === "index" && rule.level === level) || open(rule).some((each) => asksPlace(each, level));
}

/** Whether a rule gives something else at another place. */
export function isPlaced(rule: Rule): boolean {
  return rule.kind === "index" || rule.kind === "item" || open(rule).some(isPlaced);
}

/** The numbers in a rule. */
export function numbersIn(rule: Rule): readonly number[] {
  return rule.kind === "constant" && typeof rule.value === "number" ? [rule.value] : inner(rule).flatMap(numbersIn);
}
