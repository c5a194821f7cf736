/** Calls of classes and layers. */
import { torchModule } from "../../../ir/op.ts";
import { pyCall, pyConstant, pyName, type PyConstant, type PyExpr } from "../../../ir/python.ts";
import type { ClassParameter, ClassProgram, Construct } from "./template.ts";

/** The constructor's call of an instance. */
export function constructorCall(program: ClassProgram, values: ReadonlyMap<string, PyConstant>, keywords = false): PyExpr {
  return classCall(program, new Map([...values].map(([name, value]) => [name, pyConstant(value)])), keywords);
}

/** Channels are positional, as torch's own layers have them; what else there is says what it is. */
function classCall({ name, parameters }: ClassProgram, values: ReadonlyMap<string, PyExpr>, keywords = false): PyExpr {
  const counts = parameters.findIndex(
    ({ values: all, extra, default: left }) =>
      extra === true || left !== undefined || !all.every((value) => Number.isInteger(value)),
  );
  const positional = keywords ? 0 : Math.min(2, counts < 0 ? parameters.length : counts);
  const valueOf = (parameter: string): PyExpr => values.get(parameter) ?? pyConstant(null);
  return pyCall(
    pyName(name),
    parameters.slice(0, positional).map((parameter) => valueOf(parameter.name)),
    Object.fromEntries(
      parameters
        .slice(positional)
        .map((parameter) => [parameter, valueOf(parameter.name)] as const)
        .filter(([parameter, value]) => !isDefault(parameter, value))
        .map(([parameter, value]) => [parameter.name, value]),
    ),
  );
}

function isDefault({ default: left }: ClassParameter, value: PyExpr): boolean {
  return left !== undefined && value.kind === "constant" && JSON.stringify(value.value) === JSON.stringify(left);
}

/** Of what makes a module. */
export function construct({ callee }: Construct<unknown>, values: ReadonlyMap<string, PyExpr>): PyExpr {
  if (callee.kind === "class") return classCall(callee.made, values);
  const { torch, name } = callee.op;
  if (torch.kind !== "module") throw new Error(`${name} is not a torch module`);
  return torchModule(torch, Object.fromEntries(values));
}
