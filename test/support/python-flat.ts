/** Python trees as text on one line with every bracket there could be: nothing rests on precedence. */
import type { PyConstant, PyExpr, PySlice, PyTarget } from "../../src/ir/python.ts";

const aliases: Readonly<Record<string, string>> = { nn: "nn.", F: "F.", torch: "torch.", math: "math." };

export function bracketedText(expr: PyExpr | PySlice): string {
  const text = bracketedText;
  const all = (items: readonly (PyExpr | PySlice)[]): string => items.map((item) => `${text(item)}, `).join("");
  switch (expr.kind) {
    case "name":
      return expr.name;
    case "constant":
      return constantText(expr.value);
    case "symbol":
      return expr.name === "Tensor" ? expr.name : `${aliases[expr.module] ?? ""}${expr.name}`;
    case "attribute":
      return `(${text(expr.of)}).${expr.name}`;
    case "call": {
      const [only] = expr.args;
      const named = Object.entries(expr.kwargs).map(([key, value]) => `${key}=${text(value)}, `);
      if (only?.kind === "comprehension" && expr.args.length + named.length === 1) return `(${text(expr.callee)})(${text(only)})`;
      return `(${text(expr.callee)})(${all(expr.args)}${named.join("")})`;
    }
    case "index": {
      const [only] = expr.indices;
      return `(${text(expr.of)})[${expr.indices.length === 1 && only !== undefined ? text(only) : all(expr.indices)}]`;
    }
    case "slice":
      return [expr.start, expr.stop, expr.step].map((bound) => (bound === undefined ? "" : text(bound))).join(":");
    case "binary":
    case "compare":
      return `((${text(expr.left)}) ${expr.operator} (${text(expr.right)}))`;
    case "not":
      return `(not (${text(expr.of)}))`;
    case "if":
      return `((${text(expr.then)}) if (${text(expr.test)}) else (${text(expr.otherwise)}))`;
    case "list":
      return `[${all(expr.items)}]`;
    case "tuple":
      return `(${all(expr.items)})`;
    case "dict":
      return `{${expr.entries.map(([key, value]) => `(${text(key)}): (${text(value)}), `).join("")}}`;
    case "star":
      return `*(${text(expr.of)})`;
    case "comprehension": {
      const loops = expr.loops.map(({ target, iterable }) => ` for ${target_(target)} in (${text(iterable)})`).join("");
      return expr.list ? `[(${text(expr.item)})${loops}]` : `((${text(expr.item)})${loops})`;
    }
  }
}

const target_ = (target: PyTarget): string =>
  typeof target === "string" ? target : `(${target.map((each) => `${target_(each)}, `).join("")})`;

function constantText(value: PyConstant): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return `(${value})`;
  if (typeof value === "string") return JSON.stringify(value);
  return `(${value.map((each) => `${constantText(each)}, `).join("")})`;
}
