import { builtIns, type BuiltInOptions } from "../../dsl/models/index.ts";
import { nearest, UserError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";

/** The names of the built-in models, as `litevae list` has them. */
export const builtInNames: readonly string[] = Object.keys(builtIns);

/** The built-in model of a name, such as `b` or `sd-vae`. Throws UserError where there is none of that name. */
export function builtIn(name: string, options: BuiltInOptions = {}): Model {
  const found = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (found !== undefined) return found.build(options);
  throw noModel(name, `a built-in name (${builtInNames.join(", ")})`);
}

/** What is told of a name that is no model's; `expected` says what could be given, and `meant` what surely was, such as a file that lies there. */
export function noModel(name: string, expected: string, meant = nearest(name, builtInNames)): UserError {
  return new UserError({
    what: `no model is called ${name}`,
    expected,
    found: name,
    help: meant === undefined ? "run litevae list for the built-in models" : `did you mean ${meant}?`,
  });
}
