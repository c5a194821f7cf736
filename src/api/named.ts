import { UsageError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";
import { isRecord, shown } from "./options.ts";

/** Of a model that has no name, which its file would give it, one that stands for it. Throws UsageError where it is no model. */
export function named(model: Model): Model {
  const given: unknown = model;
  if (!isModel(given)) {
    throw new UsageError({
      what: "what is given is no model",
      expected: "what litevae, model, network, searchable, builtIn or loadModel return",
      found: shown(given),
      help: helpWith(given),
    });
  }
  return given.name === "" ? { ...given, name: "model" } : given;
}

function isModel(given: unknown): given is Model {
  return isRecord(given) && typeof given["name"] === "string" && Array.isArray(given["parts"]);
}

function helpWith(given: unknown): string {
  if (typeof given === "string")
    return /[./\\]/.test(given)
      ? `write await loadModel(${JSON.stringify(given)}), of litevae/api/node`
      : `write builtIn(${JSON.stringify(given)})`;
  if (Array.isArray(given)) return "give one model, or call compare";
  if (typeof given === "object" && given !== null && "default" in given && isModel(given.default))
    return "give the default export of this module";
  if (given instanceof Promise) return "write await before it";
  return "give a model that is made in the script, or builtIn(…)";
}
