/** Python that an author brings for an op. */
import { UserError } from "../src/errors/index.ts";
import { pythonKeywords } from "../src/ir/python-names.ts";
import type { PyExpr } from "../src/ir/python.ts";
import { captureSource, fileCalling, placeOf } from "../src/ir/source.ts";

/**
 * A class or function of a file of Python, whose path is seen from the file that calls this: `pyFrom("./swish.py", "Swish")`. A package gets the file as
 * `ops/swish.py`, and model.py imports it from there.
 */
export function pyFrom(path: string, name: string): PyExpr {
  const module = /(?:^|[\\/])([A-Za-z_]\w*)\.py$/.exec(path)?.[1];
  if (module === undefined || [...pythonKeywords, "__init__"].includes(module)) {
    throw new UserError({
      what: `"${path}" is not a file of Python that can be imported`,
      where: placeOf(captureSource(pyFrom)),
      expected: "a path such as ./swish.py, whose name is a Python identifier",
      found: path,
      help: "give the path of the .py file, from the file that calls pyFrom",
    });
  }
  const caller = fileCalling(pyFrom);
  const absolute = /^(?:[\\/]|[A-Za-z]:[\\/])/.test(path);
  const file = caller === undefined || absolute ? path : besides(caller, path);
  return { kind: "symbol", module: "ops", name: `${module}.${name}`, file };
}

/** The path of a file that lies beside another, with slashes. */
function besides(file: string, path: string): string {
  const steps = [...file.split(/[\\/]/).slice(0, -1), ...path.split(/[\\/]/)];
  const kept: string[] = [];
  for (const step of steps) {
    if (step === "..") kept.pop();
    else if (step !== ".") kept.push(step);
  }
  return kept.join("/");
}
