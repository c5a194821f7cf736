/** The call of the package's function that computes an op's own rule. */
import { isConstant, pyCall, pyConstant, pySymbol, type PyExpr } from "../../../ir/python.ts";
import type { DefaultSlot } from "./template.ts";

export function pythonOfDefault({ default: rule }: DefaultSlot, values: ReadonlyMap<string, PyExpr>): PyExpr {
  if (rule.python === undefined) throw new Error("a default has no function in Python");
  const args = rule.from.map((name) => ({ value: values.get(name) ?? pyConstant(null), usual: rule.pythonDefaults?.[name] }));
  const needed = args.findLastIndex(({ value, usual }) => usual === undefined || !isConstant(value, usual)) + 1;
  return pyCall(
    pySymbol("layers", rule.python),
    args.slice(0, needed).map(({ value }) => value),
  );
}
