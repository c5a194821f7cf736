/** Nested settings as rows of a table. */
import { isObject } from "./read.ts";

export interface Setting {
  /** `losses.kl`, `phases.0.steps` */
  readonly path: string;
  readonly text: string;
}

/** Objects are opened, and lists that hold some; lists of plain values stay in one row. */
export function settingsOf(value: unknown, path = ""): readonly Setting[] {
  const inside = (key: string | number, item: unknown): readonly Setting[] =>
    settingsOf(item, path === "" ? String(key) : `${path}.${key}`);
  if (isObject(value)) return Object.entries(value).flatMap(([key, item]) => inside(key, item));
  if (Array.isArray(value) && value.some((item) => typeof item === "object" && item !== null))
    return value.flatMap((item, i) => inside(i, item));
  return [{ path, text: textOf(value) }];
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  return value === undefined ? "" : JSON.stringify(value);
}
