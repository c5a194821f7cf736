/** A class program as Python: its constructor, and what its docstring says. */
import {
  pyAttribute,
  pyCall,
  pyConstant,
  pyIndex,
  pyName,
  pySymbol,
  type PyClass,
  type PyConstant,
  type PyExpr,
  type PyParameter,
  type PyStatement,
} from "../../../ir/python.ts";
import { moduleAttributes } from "../../../ir/python-names.ts";
import { unused } from "../names.ts";
import { parametersOfSteps } from "./template-parameters.ts";
import type { ClassProgram } from "./template.ts";
import { docOf } from "./class-doc.ts";
import { inputsOf } from "./forward-values.ts";
import { distinct } from "./distinct.ts";
import { writeForward } from "./write-forward.ts";
import { ConstructorWriter } from "./write-members.ts";

/** `doc` is what the author says of the block. */
export function writeClass(program: ClassProgram, doc: readonly string[]): PyClass {
  // A setting called `training` is not the module's.
  const keys = new Set([...program.members.map(([key]) => key), ...moduleAttributes]);
  const stored = [...new Set(parametersOfSteps(program.forward))];
  const attributes = new Map(stored.map((name) => [name, unused(name, keys)]));
  const own = pyName("self");
  const forward = writeForward(program.forward, program.returns, {
    inputs: inputsOf(program.example),
    naming: { parameter: (name) => pyAttribute(own, attributes.get(name) ?? name) },
    optional: new Set(
      program.members.flatMap(([key, member]) =>
        member.kind === "module" && member.choices.some(({ construct: made }) => made === undefined) ? [key] : [],
      ),
    ),
  });
  const constructor: PyStatement = {
    kind: "function",
    name: "__init__",
    parameters: [
      { name: "self" },
      ...program.parameters.map((parameter): PyParameter => ({
        name: parameter.name,
        type: typeOf([...parameter.values, ...(parameter.default === undefined ? [] : [parameter.default])]),
        ...(parameter.default === undefined ? {} : { default: pyConstant(parameter.default) }),
      })),
    ],
    returns: pyConstant(null),
    body: [
      { kind: "expression", value: pyCall(pyAttribute(pyCall(pyName("super")), "__init__")) },
      ...[...attributes].map(([name, attribute]): PyStatement => ({
        kind: "assign",
        target: pyAttribute(own, attribute),
        value: pyName(name),
      })),
      ...new ConstructorWriter(program).members(),
    ],
  };
  return {
    kind: "class",
    name: program.name,
    bases: [pySymbol("nn", "Module")],
    doc: [...doc, ...docOf(program)],
    body: [constructor, forward],
  };
}

/** The annotation of an argument that takes all of these values. */
function typeOf(values: readonly PyConstant[]): PyExpr {
  const lists = values.filter((value) => Array.isArray(value)) as readonly (readonly PyConstant[])[];
  if (lists.length > 0) return pyIndex(pySymbol("collections.abc", "Sequence"), typeOf(lists.flat()));
  // Of a text that no configuration has, nothing is known.
  const texts = distinct(values.filter((value) => typeof value === "string"));
  if (texts.length > 0) return pyIndex(pySymbol("typing", "Literal"), ...texts.map(pyConstant));
  if (values.some((value) => typeof value === "boolean")) return pyName("bool");
  return pyName(values.every((value) => Number.isInteger(value)) ? "int" : "float");
}
