import { UsageError, type Note } from "../errors/index.ts";
import { pause } from "../errors/pause.ts";
import type { Model } from "../ir/model.ts";
import { budgetError, checkBudgets, checkParts, isOfMemory, parseBudget, type Budget } from "../report/budget.ts";
import { formatComparison } from "../report/compare.ts";
import { countModel, type ModelCounts } from "../report/count.ts";
import type { ReportFormat } from "../report/format.ts";
import { comparedRecords, modelRecord, type ComparedRecord, type ModelRecord } from "../report/records.ts";
import { named } from "./named.ts";
import { checkOptions, flag, isRecord, listLike, shown, wholeFrom, workingKinds, type KindsOf } from "./options.ts";
import { progressOf, type Working } from "./working.ts";

export interface CountOptions extends Working {
  /** Height and width of the image in pixels that costs are counted for; 256 by default. */
  readonly size?: number | undefined;
  /** Whether memory is counted, which takes most of the time: a plan for every part; true by default. Its figures are null otherwise, unless a budget is of them. */
  readonly memory?: boolean | undefined;
}

export const countKinds: KindsOf<CountOptions> = { ...workingKinds, size: wholeFrom(1), memory: flag };

/** Image side where none is said. */
export const usualSize = 256;

/**
 * What a model costs: parameters, multiply-accumulates and memory of every part, for one image in float32. It is the model's record in
 * `litevae compare --format json`. Rejects with UserError where the size does not fit a part that inference runs.
 */
export async function count(model: Model, options: CountOptions = {}): Promise<ModelRecord> {
  const whole = named(model);
  checkOptions("count", options, countKinds);
  const { size = usualSize, memory = true, signal } = options;
  await pause(signal);
  progressOf(options)(`counting ${whole.name}`);
  return modelRecord(countModel(whole, size, { memory }));
}

export interface CompareOptions extends CountOptions {
  /** Limits, as `--budget` takes them: `encoder=7M`, `decoder.macs=300G`, `encoder.activation=512MiB`. */
  readonly budgets?: readonly (string | Budget)[] | undefined;
}

/** What `--budget` takes, or the same as `parseBudget` reads it. */
export const budgetList = listLike('["encoder=7M"]', (item) => typeof item === "string" || isRecord(item));

const compareKinds: KindsOf<CompareOptions> = { ...countKinds, budgets: budgetList };

export interface Comparison {
  /** One record per model, in their order: what `litevae compare --format json` prints. */
  readonly models: readonly ComparedRecord[];
  /** The same figures, of every module. */
  readonly counts: readonly ModelCounts[];
  readonly budgets: readonly Budget[];
  /** What was not measured, and why. */
  readonly notes: readonly Note[];
}

/**
 * What models cost, side by side, and what became of budgets. Rejects with UserError where the size does not fit a model, and with UsageError,
 * which is one, where a budget cannot be read or names a part that no model has.
 */
export async function compare(models: readonly Model[], options: CompareOptions = {}): Promise<Comparison> {
  const all = modelsOf(models);
  checkOptions("compare", options, compareKinds);
  const { size = usualSize, signal } = options;
  const budgets = (options.budgets ?? []).map((budget) => (typeof budget === "string" ? parseBudget(budget) : budget));
  checkParts(
    all.flatMap(({ parts }) => parts.map((part) => part.name)),
    budgets,
  );
  const memory = options.memory !== false || budgets.some(isOfMemory);
  const progress = progressOf(options);
  const counts: ModelCounts[] = [];
  for (const model of all) {
    await pause(signal);
    progress(`counting ${model.name}`);
    counts.push(countModel(model, size, { memory }));
  }
  return {
    models: comparedRecords(counts, budgets),
    counts,
    budgets,
    notes: counts.flatMap(({ notes }) => notes),
  };
}

function modelsOf(models: readonly Model[]): readonly Model[] {
  if (Array.isArray(models) && models.length > 0) return models.map(named);
  throw new UsageError({
    what: "compare is given no list of models",
    expected: "compare([model, …])",
    found: Array.isArray(models) ? "an empty list" : isRecord(models) ? "one model" : shown(models),
    help: "write models in a list, one or more",
  });
}

/**
 * Throws UserError, with a report for every budget that is exceeded, or for the first that cannot be checked: the part is missing or was not measured. UsageError
 * where the comparison has no budget: there is nothing to require.
 */
export function requireBudgets({ counts, budgets }: Pick<Comparison, "counts" | "budgets">): void {
  if (budgets.length === 0) {
    throw new UsageError({
      what: "there is no budget to keep",
      expected: 'compare(models, { budgets: ["encoder=7M"] })',
      found: "a comparison without budgets",
      help: "give compare the budgets that models must keep",
    });
  }
  const violations = checkBudgets(counts, budgets);
  if (violations.length > 0) throw budgetError(violations);
}

/** A comparison as text that ends in a line feed: a table, of lines of so many characters where `width` says so, JSON, Markdown or CSV. */
export function comparisonText(
  { counts, budgets }: Pick<Comparison, "counts" | "budgets">,
  format: ReportFormat = "table",
  width?: number,
): string {
  return formatComparison(counts, { format, budgets, width });
}
