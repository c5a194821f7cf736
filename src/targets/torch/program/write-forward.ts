/** The steps of a forward as Python statements. */
import type { Returns } from "../../../ir/model.ts";
import { pyIndex, pyName, pySymbol, type PyFunction } from "../../../ir/python.ts";
import { inputName, unused } from "../names.ts";
import { inputNames } from "./forward-values.ts";
import { ForwardWriter, type Surroundings } from "./forward-writer.ts";
import type { TemplateSteps } from "./template.ts";

export interface ForwardSettings extends Surroundings {
  /** What its inputs are called; undefined for those that are letters, as all are where this is absent. */
  readonly inputs?: readonly (string | undefined)[];
  /** How it is called; `forward` where absent. */
  readonly method?: string;
}

const tensor = pySymbol("torch", "Tensor");

export function writeForward(steps: TemplateSteps, returns: Returns, settings: ForwardSettings): PyFunction {
  const count = steps.steps.filter(({ kind }) => kind === "input").length;
  const names: string[] = [];
  for (const [i, letter] of inputNames(count).entries()) {
    const name = settings.inputs?.[i];
    names.push(unused(name === undefined ? letter : inputName(name), new Set(names)));
  }
  const writer = new ForwardWriter(steps, settings);
  const body = writer.forward(names, returns);
  const type = {
    one: tensor,
    record: pyIndex(pyName("dict"), pyName("str"), tensor),
    list: pyIndex(pyName("tuple"), tensor, pyName("...")),
  };
  return {
    kind: "function",
    name: settings.method ?? "forward",
    parameters: [{ name: "self" }, ...names.map((name) => ({ name, type: tensor }))],
    returns: type[returns.kind],
    body,
  };
}
