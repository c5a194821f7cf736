/** Rules as Python. */
import { must } from "../../../errors/must.ts";
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
  pyNot,
  pySlice,
  pyStar,
  pySymbol,
  type PyBinary,
  type PyComparison,
  type PyExpr,
  type PyLoop,
  type PyTarget,
} from "../../../ir/python.ts";
import { unused } from "../names.ts";
import { asksPlace, listsWalked, parametersIn, type Rule } from "./rules.ts";

/** What Python calls things: parameters by their own names in a constructor, and lists that were computed before. */
export interface Naming {
  readonly parameter: (name: string) => PyExpr;
  /** The variable that holds what the rule gives, where there is one. */
  readonly held?: (rule: Rule) => PyExpr | undefined;
  /** The variable of an item of the list, by the level of the list whose place it has, and that of the place. */
  readonly item?: (list: Rule, level: number) => PyExpr;
  readonly index?: (level: number) => PyExpr;
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
    case "total":
      return pyCall(pyName(rule.of), [of(rule.list)]);
    case "index":
      return must(naming.index, "what places are called")(rule.level);
    case "item":
      return must(naming.item, "what items are called")(rule.list, rule.level);
    case "arithmetic":
      return pyBinary(rule.operator satisfies PyBinary, of(rule.left), of(rule.right));
    case "ceiling":
      return pyCall(pySymbol("math", "ceil"), [pyBinary("/", of(rule.left), of(rule.right))]);
    case "extreme":
      return pyCall(pyName(rule.of), [of(rule.left), of(rule.right)]);
    case "compare":
      return pyCompare(rule.operator satisfies PyComparison, of(rule.left), of(rule.right));
    case "not":
      return pyNot(of(rule.of));
    case "logic":
      return pyBinary(rule.operator, of(rule.left), of(rule.right));
    case "whole":
      return pyCall(pyName("int"), [of(rule.of)]);
    case "choice":
      return pyIf(of(rule.test), of(rule.then), of(rule.otherwise));
    case "scaled":
      return scaledList(rule, of);
    case "mapped":
      return mappedList(rule, naming);
    case "tuple":
      return { kind: "tuple", items: rule.items.map(of) };
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

function mappedList({ rule, count }: Rule & { kind: "mapped" }, naming: Naming): PyExpr {
  const names = new Map<string, { readonly name: string; readonly list: PyExpr }>();
  const taken = new Set(parametersIn(rule));
  for (const list of listsWalked(rule, 0)) {
    const key = JSON.stringify(list);
    if (names.has(key)) continue;
    const name = unused(singular(nameOfList(list)), taken);
    taken.add(name);
    names.set(key, { name, list: pythonOf(list, naming) });
  }
  const item = (list: Rule): PyExpr => pyName(must(names.get(JSON.stringify(list)), "what items are called").name);
  const length = count === undefined ? undefined : pythonOf(count, naming);
  const index = asksPlace(rule, 0) ? placeNames[0] : undefined;
  const of = pythonOf(rule, { ...naming, item, index: () => pyName(placeNames[0]) });
  return pyComprehension(of, [loopOver([...names.values()], index, length)], true);
}

/** What places are called, from the outer list to the inner ones. */
export const placeNames = ["i", "j", "k"] as const;

/** Over lists at once, with the place of the items as `index`; over places alone where there is no list. */
export function loopOver(
  walked: readonly { readonly name: string; readonly list: PyExpr }[],
  index: string | undefined,
  count: PyExpr | undefined,
): PyLoop {
  if (count !== undefined) return { target: index ?? "_", iterable: pyCall(pyName("range"), [count]) };
  const lists = walked.map(({ list }) => list);
  const names = walked.map(({ name }) => name);
  const [only] = lists as [PyExpr];
  const items = lists.length === 1 ? only : pyCall(pyName("zip"), lists, { strict: pyConstant(true) });
  const target: PyTarget = names.length === 1 ? (names[0] as string) : names;
  return index === undefined
    ? { target, iterable: items }
    : { target: [index, target], iterable: pyCall(pyName("enumerate"), [items]) };
}

/** The parameter that a list is, or is made of. */
export function nameOfList(rule: Rule): string {
  if (rule.kind === "reversed" || rule.kind === "without") return nameOfList(rule.list);
  return rule.kind === "parameter" ? rule.name : "items";
}
