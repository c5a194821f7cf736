/** Expressions of the Python tree as laid-out text, with the fewest brackets that keep the tree. */
import type { PyConstant, PyExpr, PyModule, PySlice, PyTarget } from "../../ir/python.ts";
import { bracketed, group, joined, line, listed, softline, type Doc } from "./layout.ts";

/** How tightly an expression binds (Python reference §6.17). */
export const binding = {
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  star: 5,
  "|": 5,
  "+": 6,
  "-": 6,
  "*": 7,
  "/": 7,
  "//": 7,
  "%": 7,
  unary: 8,
  "**": 9,
  postfix: 10,
} as const;

export function bindingOf(expr: PyExpr): number {
  switch (expr.kind) {
    case "if":
      return 0;
    case "binary":
      return binding[expr.operator];
    case "compare":
      return binding.compare;
    case "not":
      return binding.not;
    case "constant":
      return typeof expr.value === "number" && (expr.value < 0 || Object.is(expr.value, -0)) ? binding.unary : binding.postfix;
    default:
      return binding.postfix;
  }
}

/** Whose names are written behind the module; those of the others are imported bare. */
const prefixed: readonly PyModule[] = ["torch", "F", "nn", "math", "ops"];

export function symbolText(module: PyModule, name: string): string {
  const bare = !prefixed.includes(module) || (module === "torch" && name === "Tensor");
  return bare ? name : `${module}.${name}`;
}

/** Within brackets of its own an expression may break anywhere; outside of any only within those that it has. */
export function exprDoc(expr: PyExpr, inBrackets = true): Doc {
  switch (expr.kind) {
    case "name":
      return expr.name;
    case "constant":
      return constantDoc(expr.value);
    case "symbol":
      return symbolText(expr.module, expr.name);
    case "attribute":
    case "call":
    case "index":
      return chainDoc(expr, inBrackets);
    case "binary":
    case "compare":
      return binaryDoc(expr, inBrackets);
    case "not":
      // ruff asks for brackets around a power here.
      return ["not ", operand(expr.of, bindingOf(expr.of) === binding["**"] ? binding.postfix : binding.not, inBrackets)];
    case "if":
      return inBrackets ? group(conditionalDoc(expr, true)) : conditionalDoc(expr, false);
    case "list":
      return listed(
        "[",
        expr.items.map((item) => exprDoc(item)),
        "]",
      );
    case "tuple":
      return tupleDoc(expr.items);
    case "dict":
      return listed(
        "{",
        expr.entries.map(([key, value]) => [exprDoc(key), ": ", exprDoc(value)]),
        "}",
      );
    case "star":
      return ["*", operand(expr.of, binding.star, inBrackets)];
    case "comprehension":
      return bracketed(expr.list ? "[" : "(", loopsDoc(expr), expr.list ? "]" : ")");
  }
}

type Chain = Extract<PyExpr, { kind: "attribute" | "call" | "index" }>;
export const isChain = (expr: PyExpr): expr is Chain =>
  expr.kind === "attribute" || expr.kind === "call" || expr.kind === "index";

/** What an attribute, a call or an index is taken of. */
export const baseOf = (expr: Chain): PyExpr => (expr.kind === "call" ? expr.callee : expr.of);

/** Whether it is an attribute of what a call, an index or brackets give. */
const isAfterBrackets = (expr: PyExpr): boolean =>
  expr.kind === "attribute" && (needsBrackets(expr.of, binding.postfix) || expr.of.kind === "call" || expr.of.kind === "index");

function attributesAfterBrackets(expr: PyExpr): number {
  let attributes = 0;
  for (let current = expr; isChain(current); current = baseOf(current)) if (isAfterBrackets(current)) attributes++;
  return attributes;
}

/** From two such attributes on, each may have a line of its own. */
export const isFluent = (expr: PyExpr): boolean => attributesAfterBrackets(expr) >= 2;

function chainDoc(expr: Chain, inBrackets: boolean): Doc {
  const breaks = inBrackets && isFluent(expr);
  const parts: Doc[] = [];
  let current: PyExpr = expr;
  let innermost = expr.kind;
  for (; isChain(current); current = baseOf(current)) {
    innermost = current.kind;
    if (current.kind === "call") parts.unshift(argumentsDoc(current));
    else if (current.kind === "index") parts.unshift(indicesDoc(current.indices));
    else {
      parts.unshift([breaks && isAfterBrackets(current) ? softline : "", ".", current.name]);
    }
  }
  // A number would take the dot for its own.
  const number = current.kind === "constant" && typeof current.value === "number" && innermost === "attribute";
  const base = number ? bracketed("(", exprDoc(current), ")") : operand(current, binding.postfix, inBrackets);
  return breaks ? group(base, parts) : [base, parts];
}

function argumentsDoc({ args, kwargs }: Extract<PyExpr, { kind: "call" }>): Doc {
  const named = Object.entries(kwargs).map(([name, value]): Doc => [name, "=", exprDoc(value)]);
  const [only] = args;
  if (args.length === 1 && named.length === 0 && only?.kind === "comprehension" && !only.list)
    return bracketed("(", loopsDoc(only), ")");
  return listed("(", [...args.map((arg) => exprDoc(arg)), ...named], ")");
}

function indicesDoc(indices: readonly (PyExpr | PySlice)[]): Doc {
  const docs = indices.map((index) => (index.kind === "slice" ? sliceDoc(index) : exprDoc(index)));
  return listed("[", docs, "]", indices.length > 1);
}

/** Spaces stand around the colon where a bound is more than a name or a constant. */
function sliceDoc({ start, stop, step }: PySlice): Doc {
  const simple = [start, stop, step].every((bound) => bound === undefined || isPlain(bound));
  const space = simple ? "" : " ";
  const bound = (expr: PyExpr | undefined): Doc => (expr === undefined ? "" : exprDoc(expr));
  const doc: Doc[] = [bound(start), start === undefined ? "" : space, ":", stop === undefined ? "" : space, bound(stop)];
  return step === undefined ? doc : [...doc, stop === undefined ? "" : space, ":", space, bound(step)];
}

function isPlain(expr: PyExpr): boolean {
  if (expr.kind === "symbol") return !symbolText(expr.module, expr.name).includes(".");
  return expr.kind === "name" || (expr.kind === "constant" && !Array.isArray(expr.value));
}

type Binary = Extract<PyExpr, { kind: "binary" | "compare" }>;
export const isBinary = (expr: PyExpr): expr is Binary => expr.kind === "binary" || expr.kind === "compare";

/** Operands and operators in turn, of all that bind as tightly. */
export function flattened(expr: Binary): readonly (PyExpr | string)[] {
  const level = bindingOf(expr);
  const side = (of: PyExpr, flattens: boolean): readonly (PyExpr | string)[] =>
    flattens && isBinary(of) && bindingOf(of) === level ? flattened(of) : [of];
  const associative = level <= binding.and;
  const left = expr.kind === "binary" && expr.operator !== "**";
  const right = expr.kind === "binary" && (associative || expr.operator === "**");
  return [...side(expr.left, left), expr.operator, ...side(expr.right, right)];
}

function binaryDoc(expr: Binary, inBrackets: boolean): Doc {
  const level = bindingOf(expr);
  const parts = flattened(expr);
  // A power of two simple operands has no spaces, unless it breaks.
  const isTight = (i: number): boolean =>
    parts[i] === "**" &&
    !needsBrackets(parts[i - 1] as PyExpr, binding["**"] + 1) &&
    [parts[i - 1], parts[i + 1]].every((side) => typeof side === "object" && isSimple(side));
  const docs = parts.map((part, i): Doc => {
    if (typeof part === "string" && isTight(i)) return inBrackets ? [softline, part, { kind: "broken", text: " " }] : part;
    if (typeof part === "string") return [inBrackets ? line : " ", part, " "];
    // The right side of ** may be negative without brackets, its left side may not.
    const least = level === binding["**"] && i === parts.length - 1 ? binding.unary : level + 1;
    return operand(part, least, inBrackets);
  });
  return inBrackets ? group(docs) : docs;
}

/** What ruff writes no spaces for around `**`. */
function isSimple(expr: PyExpr): boolean {
  if (expr.kind === "attribute") return isSimple(expr.of) && expr.of.kind !== "constant";
  return (
    expr.kind === "name" ||
    expr.kind === "symbol" ||
    (expr.kind === "constant" && !Array.isArray(expr.value) && typeof expr.value !== "string")
  );
}

/** Conditions in a row after `else` break together. */
function conditionalDoc({ test, then, otherwise }: Extract<PyExpr, { kind: "if" }>, inBrackets: boolean): readonly Doc[] {
  const gap = inBrackets ? line : " ";
  const rest = otherwise.kind === "if" ? conditionalDoc(otherwise, inBrackets) : exprDoc(otherwise, inBrackets);
  return [operand(then, 1, inBrackets), gap, "if ", operand(test, 1, inBrackets), gap, "else ", rest];
}

export const needsBrackets = (expr: PyExpr, least: number): boolean => bindingOf(expr) < least;

function operand(expr: PyExpr, least: number, inBrackets: boolean): Doc {
  return needsBrackets(expr, least) ? bracketed("(", exprDoc(expr), ")") : exprDoc(expr, inBrackets);
}

function tupleDoc(items: readonly PyExpr[]): Doc {
  const docs = items.map((item) => exprDoc(item));
  return docs.length === 1 ? bracketed("(", [docs[0] as Doc, ","], ")") : listed("(", docs, ")");
}

function loopsDoc({ item, loops }: Extract<PyExpr, { kind: "comprehension" }>): Doc {
  const clauses = loops.map(({ target, iterable }): Doc => ["for ", targetText(target), " in ", operand(iterable, 1, true)]);
  return group(joined([exprDoc(item), ...clauses], line));
}

/** Names without brackets at the outermost level, as `for` and assignments have them. */
export function targetText(target: PyTarget, outermost = true): string {
  if (typeof target === "string") return target;
  const names = target.map((each) => targetText(each, false)).join(", ") + (target.length === 1 ? "," : "");
  return outermost && target.length !== 1 ? names : `(${names})`;
}

function constantDoc(value: PyConstant): Doc {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return stringText(value);
  return tupleDoc(value.map((each): PyExpr => ({ kind: "constant", value: each })));
}

/** As Python's repr writes it: 1e-6 is 1e-06. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no Python literal`);
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  const text = size !== 0 && size < 1e-4 ? value.toExponential() : String(value);
  return text.replace("e+", "e").replace(/e-(\d)$/, "e-0$1");
}

/** In double quotes, or in single ones where that saves backslashes. */
function stringText(value: string): string {
  const count = (quote: string): number => value.split(quote).length - 1;
  const text = JSON.stringify(value);
  if (count('"') <= count("'")) return text;
  return `'${text.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
