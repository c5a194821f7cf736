/** What settings of a searchable model can be. */
import type { Setting } from "./model.ts";

/** Whether a value is of the kind that the model's own setting has. */
export function fitsSetting(value: unknown, own: Setting): value is Setting {
  if (typeof own === "object") return isNumbers(value);
  return typeof value === typeof own && (typeof value !== "number" || Number.isFinite(value)) && value !== "";
}

/** A list of numbers, of one at least. */
export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => Number.isFinite(item));
}

/** `a number`, `a list of numbers such as [1, 2, 4]`: what the setting takes, by what the model itself has. */
export function kindOfSetting(own: Setting): string {
  if (typeof own === "object") return `a list of numbers such as [${own.join(", ")}]`;
  return typeof own === "boolean" ? "true or false" : typeof own === "string" ? "a word" : "a number";
}
