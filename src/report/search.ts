/** `litevae search`: the variants of a model that keep their budgets, and which of them no other beats. */
import type { Report } from "../errors/index.ts";
import type { Setting } from "../ir/model.ts";
import type { Budget } from "./budget.ts";
import { jsonText } from "./format.ts";
import { left, right, textTable, type Column } from "./grid.ts";
import { binaryScales, compact, integer, significant } from "./numbers.ts";
import type { ComparedRecord } from "./records.ts";

export type Settings = Readonly<Record<string, Setting>>;

/** What variants cost, over the parts that inference runs: sums, of activation the largest. */
export interface Costs {
  /** Parameters. */
  readonly params: number;
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Null where a part has no form in ONNX. */
  readonly activationBytes: number | null;
  /** Seconds for one image in onnxruntime, the median of every part added up; absent where nothing was measured. */
  readonly seconds?: number;
}

/** A variant that keeps its budgets. */
export interface FittingVariant {
  /** The settings that vary, as this variant has them. */
  readonly settings: Settings;
  /** What it costs. */
  readonly costs: Costs;
  /** No other that fits is at least as good in everything, and better in something. */
  readonly front: boolean;
  /** As `compare --format json` has it. */
  readonly record: ComparedRecord;
}

/** A variant that could not be built or counted, and why. */
export interface RefusedVariant {
  /** The settings that vary, as this variant has them. */
  readonly settings: Settings;
  /** What is wrong with it. */
  readonly errors: readonly Report[];
}

/** What `litevae search --format json` prints. */
export interface Search {
  /** Its name. */
  readonly model: string;
  /** Height and width of the image in pixels. */
  readonly size: number;
  /** What the model itself has. */
  readonly defaults: Settings;
  /** The values of every setting that varies. */
  readonly varied: Readonly<Record<string, readonly Setting[]>>;
  /** The limits that variants keep. */
  readonly budgets: readonly Budget[];
  /** The costs of which more is better on the front. */
  readonly more: readonly (keyof Costs)[];
  /** How many variants there are. */
  readonly total: number;
  /** How many exceed a budget. */
  readonly over: number;
  /** In the order of the values, the last setting changing first. */
  readonly variants: readonly FittingVariant[];
  /** Variants that could not be built or counted. */
  readonly refused: readonly RefusedVariant[];
}

/** A cost as it is shown. */
export interface ShownCost {
  readonly key: keyof Costs;
  readonly title: string;
  readonly text: (value: number) => string;
}

export const shownCosts: readonly ShownCost[] = [
  { key: "params", title: "parameters", text: integer },
  { key: "macs", title: "MACs", text: (value) => `${compact(value)}MACs` },
  { key: "activationBytes", title: "activation", text: (value) => `${compact(value, binaryScales)}B` },
  { key: "seconds", title: "latency", text: (value) => `${significant(1000 * value, 3)} ms` },
];

/** The costs that this search has. */
export function costsOf({ variants }: Pick<Search, "variants">): readonly ShownCost[] {
  return shownCosts.filter(({ key }) => variants.some(({ costs }) => costs[key] !== undefined));
}

export function costText(costs: Costs, { key, text }: ShownCost): string {
  const value = costs[key];
  return value === undefined || value === null ? "–" : text(value);
}

/** `32`, `1-2-4`, `true`: as `--vary` takes it. */
export function settingText(value: Setting): string {
  return typeof value === "object" ? value.join("-") : String(value);
}

/** `channels=32, multipliers=1-2-4` */
export function settingsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${settingText(value)}`)
    .join(", ");
}

/** What it takes to be on the front, as a sentence. */
export function frontText({ more }: Pick<Search, "more">): string {
  const turned = shownCosts.filter(({ key }) => more.includes(key)).map(({ title }) => title);
  const better = turned.length === 0 ? "less is better" : `less is better, and more of ${turned.join(" and ")}`;
  return `on the front: no other is at least as good in every cost, and better in one; ${better}`;
}

/** `24 variants: 12 fit, of which 3 are on the front; 10 exceed a budget; 2 cannot be built` */
export function outcomeText({ total, over, variants, refused }: Search): string {
  const front = variants.filter((variant) => variant.front).length;
  return `${integer(total)} variants: ${integer(variants.length)} fit, of which ${integer(front)} ${front === 1 ? "is" : "are"} on the front; ${integer(over)} exceed a budget; ${integer(refused.length)} cannot be built`;
}

/** The search as text that ends in a line feed. */
export function formatSearch(search: Search, format: "table" | "json", width?: number): string {
  if (format === "json") return jsonText(search);
  const { size, variants, refused, varied } = search;
  const names = Object.keys(varied);
  const costs = costsOf(search);
  const columns: readonly Column[] = [left("front"), ...names.map(right), ...costs.map(({ title }) => right(title))];
  const rows = variants.map(({ front, settings, costs: found }) => [
    front ? "*" : "",
    ...names.map((name) => textOf(settings, name)),
    ...costs.map((cost) => costText(found, cost)),
  ]);
  const about = `${search.model}, ${size}×${size}; parameters and MACs of all parts that inference runs, activation of the largest\n${frontText(search)}\n`;
  const fitting = rows.length === 0 ? "" : `\n${textTable({ columns, rows }, width)}`;
  const reasons = refused.map(
    ({ settings, errors }) => `  ${settingsText(settings)}: ${errors.map(({ what }) => what).join("; ")}\n`,
  );
  const told = reasons.length === 0 ? "" : `\ncannot be built\n${reasons.join("")}`;
  return `${about}${fitting}${told}\n${outcomeText(search)}\n`;
}

/** A setting that the search does not have is empty: settings that vary are in every variant. */
export function textOf(settings: Settings, name: string): string {
  const value = settings[name];
  return value === undefined ? "" : settingText(value);
}
