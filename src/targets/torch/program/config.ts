/** A block's configuration as named settings: what a class takes as parameters, and what is varied to learn how a block follows from it. */
import type { PyConstant } from "../../../ir/python.ts";
import { argumentName } from "../names.ts";

/** A number, switch, text or list of numbers somewhere in a configuration. */
export interface Setting {
  /** As the class calls it: the key in snake_case, with those of the records around it. */
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly value: Exclude<PyConstant, null>;
}

/** The settings of a configuration, in its order. Functions, layers and what else is in it are not settings. */
export function settingsOf(config: readonly unknown[]): readonly Setting[] {
  const found: Setting[] = [];
  const taken = new Set<string>();
  const visit = (value: unknown, path: Setting["path"]): void => {
    if (isSetting(value)) {
      const keys = path.slice(1).map(String);
      let name = argumentName(keys.length === 0 ? `value_${path[0]}` : keys.join("_"));
      while (taken.has(name)) name += "_";
      taken.add(name);
      found.push({ name, path, value });
    } else if (isRecord(value)) for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  };
  config.forEach((value, i) => visit(value, [i]));
  return found;
}

function isSetting(value: unknown): value is Setting["value"] {
  if (Array.isArray(value)) return value.every((item) => typeof item === "number");
  return typeof value === "number" || typeof value === "boolean" || typeof value === "string";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The configuration with other values of some settings. */
export function withSettings(
  config: readonly unknown[],
  settings: readonly Setting[],
  values: ReadonlyMap<string, PyConstant>,
): readonly unknown[] {
  const changed = settings.filter(({ name }) => values.has(name));
  return changed.reduce<readonly unknown[]>((all, { path, name }) => replaced(all, path, values.get(name)) as unknown[], config);
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? replaced(item, rest, by) : (item as unknown)));
  const record = value as Readonly<Record<string, unknown>>;
  return { ...record, [key]: replaced(record[key], rest, by) };
}
