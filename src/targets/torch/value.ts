/** The expression that a statement ends in: where it is too long for its line, brackets go around it where ruff has them. */
import type { PyExpr } from "../../ir/python.ts";
import { baseOf, binding, bindingOf, exprDoc, flattened, isBinary, isChain, isFluent, needsBrackets } from "./expression.ts";
import { flatText, layOut, lineLength, softline, widthOf } from "./layout.ts";

export function printExpr(expr: PyExpr, width?: number): string {
  return width === undefined ? flatText(exprDoc(expr)) : valueText("", expr, "", 0, width);
}

/** A statement that ends in an expression: `head`, the expression, `tail`; brackets are put around it where that is how ruff breaks it. */
export function valueText(head: string, expr: PyExpr, tail: string, depth: number, width = lineLength): string {
  const bare = exprDoc(expr, false);
  if (depth + widthOf(head + flatText(bare) + tail) <= width) return layOut([head, flatText(bare), tail], depth, width);
  const open = layOut([head, bare, tail], depth, width);
  const closed = layOut([`${head}(`, { kind: "indent", of: [softline, exprDoc(expr)] }, softline, `)${tail}`], depth, width);
  const fit = (text: string): boolean => text.split("\n").every((each) => widthOf(each) <= width);
  switch (bracketing(expr)) {
    case "never":
      return open;
    case "bestFit":
      return fit(closed) ? closed : open;
    case "breaks":
      return mayGoWithout(expr) && fit(open) ? open : closed;
  }
}

/** Whether ruff may put brackets around an expression that does not fit on its line. */
function bracketing(expr: PyExpr): "never" | "bestFit" | "breaks" {
  switch (expr.kind) {
    case "name":
    case "symbol":
      return "bestFit";
    case "constant":
      return Array.isArray(expr.value) ? "never" : "bestFit";
    case "binary":
    case "compare":
    case "if":
    case "star":
      return "breaks";
    case "not":
      return bracketing(expr.of);
    case "index":
      return "breaks";
    case "attribute":
    case "call": {
      if (isFluent(expr)) return "breaks";
      const base = baseOf(expr);
      if (needsBrackets(base, binding.postfix)) return "never";
      const inner = bracketing(base);
      return inner === "bestFit" ? (expr.kind === "attribute" ? "bestFit" : "never") : inner;
    }
    default:
      return "never";
  }
}

/** One operator at the loosest level and brackets at either end: those are broken instead. */
function mayGoWithout(expr: PyExpr): boolean {
  const ends = [firstOf(expr), lastOf(expr)];
  if (isChain(expr) && !isFluent(expr)) return true;
  if (isBinary(expr) && lastOf(expr).expr.kind === "index" && !hasBrackets(firstOf(expr))) return false;
  return expr.kind !== "if" && operatorsOf(expr) <= 1 && ends.some(hasBrackets);
}

function operatorsOf(expr: PyExpr): number {
  if (isBinary(expr)) {
    // `and` within `or` counts as one level with it.
    const boolean = bindingOf(expr) === binding.or;
    const within = (part: PyExpr): number => (boolean && bindingOf(part) === binding.and ? operatorsOf(part) : 0);
    return flattened(expr).reduce((sum, part) => sum + (typeof part === "string" ? 1 : within(part)), 0);
  }
  if (expr.kind === "not") return operatorsOf(expr.of);
  if (isFluent(expr)) return 2;
  return 0;
}

interface End {
  readonly expr: PyExpr;
  readonly wrapped: boolean;
}

function firstOf(expr: PyExpr): End {
  if (isBinary(expr)) return endOf(flattened(expr)[0] as PyExpr, bindingOf(expr) + 1, firstOf);
  if (expr.kind === "if") return endOf(expr.then, 1, firstOf);
  if (isChain(expr)) {
    const base = baseOf(expr);
    return endOf(base, binding.postfix, firstOf);
  }
  return { expr, wrapped: false };
}

function lastOf(expr: PyExpr): End {
  if (isBinary(expr)) return endOf(flattened(expr).at(-1) as PyExpr, bindingOf(expr) + 1, lastOf);
  if (expr.kind === "if") return endOf(expr.otherwise, 0, lastOf);
  if (expr.kind === "not") return endOf(expr.of, binding.not, lastOf);
  return { expr, wrapped: false };
}

function endOf(expr: PyExpr, least: number, within: (expr: PyExpr) => End): End {
  return needsBrackets(expr, least) ? { expr, wrapped: true } : within(expr);
}

function hasBrackets({ expr, wrapped }: End): boolean {
  if (wrapped) return true;
  switch (expr.kind) {
    case "call":
      return expr.args.length + Object.keys(expr.kwargs).length > 0;
    case "list":
    case "tuple":
      return expr.items.length > 0;
    case "dict":
      return expr.entries.length > 0;
    case "constant":
      return Array.isArray(expr.value) && expr.value.length > 0;
    case "index":
    case "comprehension":
      return true;
    default:
      return false;
  }
}
