import { UserError } from "../src/errors/index.ts";
import type { Model, Setting } from "../src/ir/model.ts";
import { captureSource, placeOf } from "../src/ir/source.ts";
import { checkedArguments } from "./arguments.ts";
import { checkKeys } from "./config.ts";

/**
 * A model with the settings that `litevae search` may vary: numbers, true or false, words, and lists of numbers, such as `{ channels: 32, multipliers: [1, 2, 4] }`.
 * `build` makes the model of them; the result is that of the settings as they stand here, a model like any other. Throws UserError where a setting is nothing of
 * these.
 */
export function searchable<C extends Readonly<Record<string, Setting>>>(settings: C, build: (settings: C) => Model): Model {
  const where = placeOf(captureSource(searchable));
  checkedArguments(arguments, { called: "searchable", most: 2, takes: "settings and a function", at: () => ({ where }) });
  checkKeys("searchable", settings, Object.keys(settings), searchable);
  const wrong = Object.entries(settings).find(([name, value]) => !isSetting(value) || !/^[A-Za-z]\w*$/.test(name));
  if (wrong !== undefined) {
    throw new UserError({
      what: `${wrong[0]} of searchable is not something that can be varied`,
      where,
      expected: "names of letters and digits, with numbers, true or false, words, or lists of numbers",
      found: `${wrong[0]}: ${JSON.stringify(wrong[1])}`,
      help: "put it into the function, and give a number or a word in its place",
    });
  }
  const found = build(settings);
  return { ...found, variants: { settings, build: (given) => build(given as C) } };
}

function isSetting(value: unknown): value is Setting {
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => Number.isFinite(item));
  return typeof value === "number" ? Number.isFinite(value) : typeof value === "boolean" || typeof value === "string";
}
