import { UserError } from "../src/errors/index.ts";
import type { Model, Setting, Variants } from "../src/ir/model.ts";
import { fitsSetting, isNumbers, kindOfSetting } from "../src/ir/settings.ts";
import { captureSource, placeOf } from "../src/ir/source.ts";
import { checkedArguments } from "./arguments.ts";
import { checkKeys } from "./config.ts";

/** A model that keeps the types of its settings. */
export interface Searchable<Settings extends Readonly<Record<string, Setting>>> extends Model {
  readonly variants: Variants<Settings>;
}

/** A setting's type, of any value: what stands in `{ channels: 16, wide: true }` are a number and a boolean. */
export type Widened<C extends Readonly<Record<string, Setting>>> = {
  readonly [Name in keyof C]: C[Name] extends number
    ? number
    : C[Name] extends boolean
      ? boolean
      : C[Name] extends string
        ? string
        : readonly number[];
};

/**
 * A model with the settings that `litevae search` may vary: numbers, true or false, words, and lists of numbers, such as `{ channels: 32, multipliers: [1, 2, 4] }`.
 * `build` makes the model of them; the result is that of the settings as they stand here, a model like any other. Throws UserError where a setting is nothing of
 * these.
 */
export function searchable<C extends Readonly<Record<string, Setting>>>(
  settings: C,
  build: (settings: C) => Model,
): Searchable<Widened<C>> {
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
  const variant = (given: Readonly<Record<string, unknown>>): Model => {
    checkKeys("build", given, Object.keys(settings), variant);
    for (const [name, own] of Object.entries(settings)) {
      const value = given[name];
      if (value === undefined || fitsSetting(value, own)) continue;
      throw new UserError({
        what: `${name} of build is of another kind than the model's own`,
        where: placeOf(captureSource(variant)),
        expected: `${name}: ${kindOfSetting(own)}`,
        found: `${name}: ${JSON.stringify(value)}`,
        help: `give ${kindOfSetting(own)}, or leave ${name} out for the model's own`,
      });
    }
    const changed = Object.entries(given).filter(([, value]) => value !== undefined);
    return build({ ...settings, ...Object.fromEntries(changed) });
  };
  return { ...found, variants: { settings: settings as Widened<C>, build: variant } };
}

function isSetting(value: unknown): value is Setting {
  if (Array.isArray(value)) return isNumbers(value);
  return typeof value === "number" ? Number.isFinite(value) : typeof value === "boolean" || typeof value === "string";
}
