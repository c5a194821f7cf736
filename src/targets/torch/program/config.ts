/** A block's configuration as named settings: what a class takes as parameters, and what is varied to learn how a block follows from it. */
import type { Block } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { argumentName } from "../names.ts";

/** A number, switch or text somewhere in a configuration, or a list of one kind of these. */
export interface Setting {
  /** As the class calls it: the key in snake_case, with those of the records around it. */
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly value: Exclude<PyConstant, null>;
}

type Configured = Pick<Block, "config" | "definition">;

/** What else a configuration holds, which no class takes: functions, layers, lists of records. */
interface Given {
  readonly name: string;
  /** How a docstring tells it from others. */
  readonly text: string;
}

/** The settings of a configuration, in its order. */
export function settingsOf(block: Configured): readonly Setting[] {
  return entriesOf(block).flatMap(({ name, path, value }) => (isSetting(value) ? [{ name, path, value }] : []));
}

/** What of the configurations is no setting. */
export function givenIn(blocks: readonly Configured[]): ReadonlyMap<string, string> {
  const texts = new Map<string, Set<string>>();
  for (const { name, text } of blocks.flatMap(givenOf)) texts.set(name, (texts.get(name) ?? new Set<string>()).add(text));
  return new Map([...texts].map(([name, each]) => [name, [...each].join(" or ")]));
}

function givenOf(block: Configured): readonly Given[] {
  return entriesOf(block).flatMap(({ name, path, value }) =>
    isSetting(value) ? [] : [{ name, text: described(value, path.at(-1)) }],
  );
}

function entriesOf({
  config,
  definition,
}: Configured): readonly { readonly name: string; readonly path: Setting["path"]; readonly value: unknown }[] {
  const found: { name: string; path: Setting["path"]; value: unknown }[] = [];
  const taken = new Set<string>();
  const visit = (value: unknown, path: Setting["path"]): void => {
    if (isRecord(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
    } else if (value !== undefined) {
      const keys = path.slice(1).map(String);
      let name = argumentName(
        keys.length === 0 ? (definition.parameters[path[0] as number] ?? `value_${path[0]}`) : keys.join("_"),
      );
      while (taken.has(name)) name += "_";
      taken.add(name);
      found.push({ name, path, value });
    }
  };
  config.forEach((value, i) => visit(value, [i]));
  return found;
}

function isSetting(value: unknown): value is Setting["value"] {
  if (Array.isArray(value)) {
    const kinds = new Set(value.map((item) => typeof item));
    return kinds.size === 0 || (kinds.size === 1 && isPlain(value[0]));
  }
  return isPlain(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "string";
}

/** Short, on one line: whoever wants another class has to see which one this is. */
function described(value: unknown, key?: string | number): string {
  // A function that is written in the configuration gets its name from there.
  if (typeof value === "function") return value.name === "" || value.name === key ? "as given" : value.name;
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === "function" ? described(inner) : inner)) as
    string | undefined;
  return (text ?? "as given").replaceAll(/["\\]/g, "'");
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
