/** What the docstring of a class says beside its author's words. */
import { must } from "../../../errors/must.ts";
import { pyConstant } from "../../../ir/python.ts";
import { printExpr } from "../printer.ts";
import { inputsOf } from "./forward-values.ts";
import { ownNaming, pythonOf } from "./rules-python.ts";
import type { ClassProgram, SignatureShape } from "./template.ts";

/** Shapes relative to the first input, and what else a caller has to know. */
export function docOf({ signature, returns, settled, given, parameters, example }: ClassProgram): readonly string[] {
  const shown = ({ channels, sizes }: SignatureShape): string => {
    const count = channels === undefined ? "C" : printExpr(pythonOf(channels, ownNaming));
    return `[N, ${count}${sizes === "" ? "" : `, ${sizes}`}]`;
  };
  const results = signature.results.map((shape, i) => {
    const [name] = must(returns.entries[i], "the name of a result");
    return returns.kind === "record" ? `${name} ${shown(shape)}` : shown(shape);
  });
  const names = inputsOf(example);
  const inputs = signature.inputs.map((shape, i) => [names[i], shown(shape)].filter((each) => each !== undefined).join(" "));
  const shapes = `${inputs.join(", ")} -> ${results.join(", ")}.`;
  const fixed = [
    ...[...settled].map(([name, value]) => `${name} ${printExpr(pyConstant(value))}`),
    ...[...given].map(([name, text]) => `${name} ${text}`),
  ];
  const extra = parameters.filter((parameter) => parameter.extra === true).map(({ name }) => name);
  return [
    shapes,
    ...(fixed.length === 0 ? [] : [`Made for ${fixed.join(", ")}.`]),
    ...(extra.length === 0 ? [] : [`The author's code computes ${extra.join(", ")}; no rule is known that follows it.`]),
  ];
}
