/** The call of the package's function that computes an op's own rule. */
import { pyCall, pyConstant, pySymbol, type PyExpr } from "../../../ir/python.ts";
import type { DefaultSlot } from "./template.ts";

export function pythonOfDefault({ default: rule }: DefaultSlot, values: ReadonlyMap<string, PyExpr>): PyExpr {
  if (rule.python === undefined) throw new Error("a default has no function in Python");
  return pyCall(
    pySymbol("layers", rule.python),
    rule.from.map((name) => values.get(name) ?? pyConstant(null)),
  );
}
