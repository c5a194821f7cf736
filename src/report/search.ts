/** `litevae search`: the variants of a model that keep their budgets, and which of them no other beats. */
import { UserError, type Place, type Report } from "../errors/index.ts";
import type { Setting } from "../ir/model.ts";
import { budgetFigure, budgetName, type Budget, type BudgetVerdict } from "./budget.ts";
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

/** A budget, and how many variants exceed it; of memory among those that keep all others, since of no other it is counted. */
export interface SearchedBudget extends Budget {
  /** The number of variants that exceed it. */
  readonly exceeding: number;
}

/** A variant that exceeds a budget, and by how much. */
export interface ExceedingVariant {
  /** The settings that vary, as this variant has them. */
  readonly settings: Settings;
  /** What became of every budget that was looked at. */
  readonly budget: readonly BudgetVerdict[];
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
  readonly budgets: readonly SearchedBudget[];
  /** The costs of which more is better on the front. */
  readonly more: readonly CostName[];
  /** How many variants there are. */
  readonly total: number;
  /** How many exceed a budget. */
  readonly over: number;
  /** Where none fits, the one that exceeds a budget by the least share of it; null otherwise, and where none could be counted. */
  readonly nearest: ExceedingVariant | null;
  /** In the order of the values, the last setting changing first. */
  readonly variants: readonly FittingVariant[];
  /** Variants that could not be built or counted. */
  readonly refused: readonly RefusedVariant[];
}

/** What costs are called in options: as `--more` takes them. */
export type CostName = "params" | "macs" | "activation" | "latency";

/** A cost as it is shown. */
export interface ShownCost {
  readonly name: CostName;
  readonly key: keyof Costs;
  readonly title: string;
  readonly text: (value: number) => string;
}

export const shownCosts: readonly ShownCost[] = [
  { name: "params", key: "params", title: "parameters", text: integer },
  { name: "macs", key: "macs", title: "MACs", text: (value) => `${compact(value)}MACs` },
  { name: "activation", key: "activationBytes", title: "activation", text: (value) => `${compact(value, binaryScales)}B` },
  { name: "latency", key: "seconds", title: "latency", text: (value) => `${significant(1000 * value, 3)} ms` },
];

export const costNames: readonly string[] = shownCosts.map(({ name }) => name);

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
  const turned = shownCosts.filter(({ name }) => more.includes(name)).map(({ title }) => title);
  const better = turned.length === 0 ? "Less is better" : `Less is better, except that more ${turned.join(" and more ")} is`;
  return `on the front is what no other variant beats: none is as good in every cost and better in one. ${better}.`;
}

/** `24 variants: 12 fit, of which 3 are on the front; 10 exceed a budget; 2 cannot be built` */
export function outcomeText({ total, over, variants, refused }: Search): string {
  const front = variants.filter((variant) => variant.front).length;
  const fit = `${integer(variants.length)} ${variants.length === 1 ? "fits" : "fit"}, of which ${integer(front)} ${front === 1 ? "is" : "are"} on the front`;
  return `${countText(total)}: ${fit}; ${integer(over)} ${over === 1 ? "exceeds" : "exceed"} a budget; ${integer(refused.length)} cannot be built`;
}

/** `1 variant`, `24 variants` */
export function countText(total: number): string {
  return `${integer(total)} ${total === 1 ? "variant" : "variants"}`;
}

/** `encoder.params ≤ 60,000` */
export function limitText(budget: Budget): string {
  return `${budgetName(budget)} ≤ ${budgetFigure(budget, budget.limit)}`;
}

/** What a variant has of what a budget limits. */
export function budgetedOf({ record }: FittingVariant, { part, metric }: Budget): number | null {
  return record.budget?.find((each) => each.part === part && each.metric === metric)?.actual ?? null;
}

/** How many exceed each budget, and where none fits which comes nearest: lines that end in a line feed, none where all keep them. */
function exceededText({ budgets, over, nearest }: Search): string {
  if (over === 0) return "";
  const lines = budgets.map((budget) => `  ${limitText(budget)}: ${countText(budget.exceeding)} over`);
  return `\nbudgets\n${[...lines, ...(nearest === null ? [] : [`  nearest: ${nearestText(nearest)}`])].join("\n")}\n`;
}

/** `channels=8: encoder.params 35,979, 5,979 over 30,000` */
function nearestText({ settings, budget }: ExceedingVariant): string {
  const exceeded = budget
    .filter(({ over }) => over !== 0)
    .map((each) =>
      each.over === null
        ? `${budgetName(each)} was not measured`
        : `${budgetName(each)} ${budgetFigure(each, each.actual)}, ${budgetFigure(each, each.over)} over ${budgetFigure(each, each.limit)}`,
    );
  return `${settingsText(settings) || "the model as it is"}: ${exceeded.join("; ")}`;
}

/** Throws UserError where no variant fits. */
export function requireFitting(search: Search): void {
  if (search.variants.length > 0) return;
  const { over, model, nearest } = search;
  throw new UserError({
    what: over > 0 ? `no variant of ${model} keeps the budgets` : `no variant of ${model} can be built`,
    expected: "one that fits",
    found: nearest === null ? outcomeText(search) : `nearest ${nearestText(nearest)}`,
    help: over > 0 ? "raise a budget, or vary to smaller values" : "vary other values: the reasons say what these lack",
  });
}

/** How many variants of one reason are named. */
const named = 8;

/** Every reason once, with the variants that have it. */
function refusedText(refused: readonly RefusedVariant[], placed: (place: Place) => string): string {
  const groups = new Map<string, { readonly reports: readonly Report[]; readonly variants: Settings[] }>();
  for (const { settings, errors } of refused) {
    const key = JSON.stringify(errors);
    const group = groups.get(key) ?? { reports: errors, variants: [] };
    group.variants.push(settings);
    groups.set(key, group);
  }
  const text = (report: Report): string => {
    const facts = { expected: report.expected, found: report.found, help: report.help };
    const told = Object.entries(facts).flatMap(([label, fact]) => (fact === undefined ? [] : [`    ${label}: ${fact}\n`]));
    return [`  ${report.what}\n`, ...(report.where === undefined ? [] : [`    at ${placed(report.where)}\n`]), ...told].join("");
  };
  return [...groups.values()]
    .map(({ reports, variants }) => {
      const more = variants.length > named ? `; and ${integer(variants.length - named)} more` : "";
      const shown = variants.slice(0, named).map((settings) => settingsText(settings) || "the model as it is");
      return `${reports.map(text).join("")}    variants: ${shown.join("; ")}${more}\n`;
    })
    .join("");
}

/** The search as text that ends in a line feed; `placed` says how places in files are shown. */
export function formatSearch(
  search: Search,
  format: "table" | "json",
  width?: number,
  placed: (place: Place) => string = ({ file, line }) => `${file}:${line}`,
): string {
  if (format === "json") return jsonText(search);
  const { size, variants, refused, varied, budgets } = search;
  const names = Object.keys(varied);
  const costs = costsOf(search);
  const columns: readonly Column[] = [
    left("front"),
    ...names.map(right),
    ...costs.map(({ title }) => right(title)),
    ...budgets.map((budget) => right(limitText(budget))),
  ];
  const rows = variants.map((variant) => [
    variant.front ? "*" : "",
    ...names.map((name) => textOf(variant.settings, name)),
    ...costs.map((cost) => costText(variant.costs, cost)),
    ...budgets.map((budget) => budgetFigure(budget, budgetedOf(variant, budget))),
  ]);
  const about = `${search.model}, ${size}×${size}; parameters and MACs of all parts that inference runs, activation of the largest\n${frontText(search)}\n`;
  const fitting = rows.length === 0 ? "" : `\n${textTable({ columns, rows }, width)}`;
  const told = refused.length === 0 ? "" : `\ncannot be built\n${refusedText(refused, placed)}`;
  return `${about}${fitting}${told}${exceededText(search)}\n${outcomeText(search)}\n`;
}

/** A setting that the search does not have is empty: settings that vary are in every variant. */
export function textOf(settings: Settings, name: string): string {
  const value = settings[name];
  return value === undefined ? "" : settingText(value);
}
