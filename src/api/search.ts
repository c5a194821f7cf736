import { InternalError, must } from "../errors/must.ts";
import { pause } from "../errors/pause.ts";
import { nearest, UsageError, UserError, type Report } from "../errors/index.ts";
import type { Model, Variants } from "../ir/model.ts";
import { withoutPlaces } from "../ir/source.ts";
import { inferencePartsOf } from "../ir/walk.ts";
import { budgetVerdicts, checkParts, isOfMemory, parseBudget, type Budget, type BudgetVerdict } from "../report/budget.ts";
import { countModel, type ModelCounts } from "../report/count.ts";
import { comparedRecords, type ComparedRecord } from "../report/records.ts";
import {
  costNames,
  countText,
  shownCosts,
  type CostName,
  type Costs,
  type ExceedingVariant,
  type FittingVariant,
  type RefusedVariant,
  type Search,
  type SearchedBudget,
  type Settings,
} from "../report/search.ts";
import { budgetList, usualSize } from "./count.ts";
import { named } from "./named.ts";
import { called, checkOptions, listLike, wholeFrom, workingKinds, type Kind, type KindsOf } from "./options.ts";
import { combinations, readVary, type Varied } from "./vary.ts";
import { progressOf, type Working } from "./working.ts";

export type { CostName, Costs, ExceedingVariant, FittingVariant, RefusedVariant, Search, SearchedBudget, Settings };

export interface SearchOptions extends Working {
  /** What varies: `["channels=16..64:16", "multipliers=1-2-4/1-2-2"]`, as `--vary` takes it, or the values of every setting. */
  readonly vary: readonly string[] | Varied;
  /** Limits, as `--budget` takes them. */
  readonly budgets?: readonly (string | Budget)[] | undefined;
  /** Side of the square image that costs are counted for; 256 by default. */
  readonly size?: number | undefined;
  /** Costs of which more is better on the front, such as parameters where they stand for what a model can learn; none by default. */
  readonly more?: readonly CostName[] | undefined;
  /** Measures one image of a variant that fits, in seconds; nothing is measured by default. */
  readonly measure?: ((model: Model) => Promise<number>) | undefined;
}

const anything: Kind = { expected: "", fits: () => true };

/** What `vary` is, the settings of the model say. */
export const searchKinds: KindsOf<SearchOptions> = {
  ...workingKinds,
  vary: anything,
  budgets: budgetList,
  size: wholeFrom(1),
  more: listLike('["params"]', (item) => typeof item === "string"),
  measure: called,
};

/** The settings that a model lets vary, with their types where it was just made; UserError where it has none. */
export function variantsOf<V extends Variants>(model: Model & { readonly variants?: V | undefined }): V {
  const { name } = named(model);
  const { variants } = model as { readonly variants?: V | undefined };
  if (variants !== undefined) return variants;
  throw new UserError({
    what: `${name} has no settings that vary`,
    expected: "export default searchable({ channels: 32 }, ({ channels }) => model({ … }))",
    help: "give the numbers of the model as settings: searchable is of litevae/dsl",
  });
}

/**
 * Builds and counts every variant of a model, and says which keep their budgets and which of these no other beats. A variant that cannot be built is among the refused, with
 * the reason. Rejects with UserError where the model has no settings to vary, and UsageError where there is no such setting or budget, or too many variants.
 */
export async function search(model: Model, options: SearchOptions): Promise<Search> {
  const { name, parts } = named(model);
  checkOptions("search", options, searchKinds);
  const { size = usualSize, signal, more = [], measure } = options;
  const variants: Variants = variantsOf(named(model));
  const varied = readVary(options.vary, variants);
  checkMore(more, measure !== undefined);
  const budgets = (options.budgets ?? []).map((budget) => (typeof budget === "string" ? parseBudget(budget) : budget));
  checkParts(
    parts.map((part) => part.name),
    budgets,
  );
  const all = combinations(varied);
  const progress = progressOf(options);
  progress(`counting ${countText(all.length)}`);
  const fitting: { settings: Settings; costs: Costs; record: ComparedRecord }[] = [];
  const refused: RefusedVariant[] = [];
  const exceeding: ExceedingVariant[] = [];
  for (const [i, settings] of all.entries()) {
    await pause(signal);
    if (i > 0 && i % 50 === 0) progress(`counted ${i} of ${all.length}`);
    const found = counted(variants, settings, size, budgets);
    if ("exceeded" in found) exceeding.push({ settings, budget: found.exceeded });
    else if ("errors" in found) refused.push({ settings, errors: found.errors });
    else fitting.push({ settings, costs: found.costs, record: renamed(found.record, name) });
  }
  for (const [i, each] of measure === undefined ? [] : [...fitting.entries()]) {
    await pause(signal);
    progress(`measuring ${i + 1} of ${fitting.length}`);
    const seconds = await (measure as NonNullable<typeof measure>)(built(variants, each.settings));
    fitting[i] = { ...each, costs: { ...each.costs, seconds } };
  }
  const front = frontOf(
    fitting.map(({ costs }) => costs),
    more,
  );
  const shown: readonly FittingVariant[] = fitting.map((each, i) => ({ ...each, front: front[i] === true }));
  return {
    ...{ model: name, size, defaults: variants.settings, varied, budgets: searched(budgets, exceeding), more, total: all.length },
    ...{ over: exceeding.length, nearest: shown.length > 0 ? null : nearestOf(exceeding), variants: shown, refused },
  };
}

function searched(budgets: readonly Budget[], exceeding: readonly ExceedingVariant[]): readonly SearchedBudget[] {
  return budgets.map((each) => {
    const verdicts = exceeding.map(({ budget }) =>
      budget.find(({ part, metric, limit }) => part === each.part && metric === each.metric && limit === each.limit),
    );
    return { ...each, exceeding: verdicts.filter((verdict) => verdict !== undefined && isOver(verdict)).length };
  });
}

/** What is not measured cannot be known to keep a budget. */
function isOver({ over }: BudgetVerdict): boolean {
  return over !== 0;
}

/** The one whose worst figure is the smallest multiple of its limit. */
function nearestOf(exceeding: readonly ExceedingVariant[]): ExceedingVariant | null {
  const share = ({ budget }: ExceedingVariant): number =>
    Math.max(...budget.map(({ actual, limit }) => (actual === null ? Infinity : actual / limit)));
  return exceeding.reduce<ExceedingVariant | null>(
    (best, each) => (best !== null && share(best) <= share(each) ? best : each),
    null,
  );
}

function checkMore(more: readonly CostName[], measured: boolean): void {
  const unknown = more.find((name) => !costNames.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, costNames);
    throw new UsageError({
      what: `no cost is called ${unknown}`,
      expected: costNames.join(", "),
      found: `more: ${unknown}`,
      help: meant === undefined ? "choose from these" : `did you mean ${meant}?`,
    });
  }
  if (measured || !more.includes("latency")) return;
  throw new UsageError({
    what: "latency is not measured, and cannot count as better where there is more of it",
    expected: "variants that are measured",
    found: "more: latency",
    help: "measure (--measure; in scripts measure, of litevae/api/node), or leave latency out",
  });
}

function renamed(record: ComparedRecord, model: string): ComparedRecord {
  return { ...record, model };
}

function built({ build }: Variants, changed: Settings): Model {
  return named(build(changed));
}

/** Counts a variant: first what is quick, and memory of what keeps the budgets of that. */
function counted(
  variants: Variants,
  changed: Settings,
  size: number,
  budgets: readonly Budget[],
):
  | { readonly exceeded: readonly BudgetVerdict[] }
  | { readonly errors: readonly Report[] }
  | { readonly costs: Costs; readonly record: ComparedRecord } {
  const attempt = (): ReturnType<typeof counted> => {
    const model = built(variants, changed);
    const quick = budgetVerdicts(
      countModel(model, size, { memory: false }),
      budgets.filter((budget) => !isOfMemory(budget)),
    );
    if (quick.some(isOver)) return { exceeded: quick };
    const counts = countModel(model, size);
    const verdicts = budgetVerdicts(counts, budgets);
    if (verdicts.some(isOver)) return { exceeded: verdicts };
    const [record] = comparedRecords([counts], budgets);
    return { costs: costsOf(model, counts), record: must(record, "a record") };
  };
  try {
    // Nobody is told where calls stand of what is right, and that is half of the time of building.
    return withoutPlaces(attempt);
  } catch {
    try {
      return attempt();
    } catch (error) {
      if (error instanceof UserError) return { errors: error.reports };
      // The author's own code may refuse what it cannot make.
      if (error instanceof InternalError || !(error instanceof Error)) throw error;
      return { errors: [{ what: `${error.name} in the model's code: ${error.message}`, help: "leave this value out" }] };
    }
  }
}

function costsOf(model: Model, { parts }: ModelCounts): Costs {
  const found = inferencePartsOf(model).flatMap(({ name }) => {
    const part = parts[name];
    return part === undefined || part === null ? [] : [part];
  });
  const activations = found.map(({ activationBytes }) => activationBytes);
  const known = activations.filter((bytes) => bytes !== null);
  return {
    params: found.reduce((sum, { params }) => sum + params, 0),
    macs: found.reduce((sum, { macs }) => sum + macs, 0),
    activationBytes: known.length < activations.length ? null : Math.max(0, ...known),
  };
}

/** Of every one whether no other is at least as good in all and better in one; costs that are not known are as good as none. */
function frontOf(all: readonly Costs[], more: readonly CostName[]): readonly boolean[] {
  const points = all.map((costs) =>
    shownCosts.map(({ name, key }) => {
      const value = costs[key] ?? Infinity;
      return more.includes(name) ? -value : value;
    }),
  );
  const beats = (a: readonly number[], b: readonly number[]): boolean =>
    a.every((value, i) => value <= (b[i] as number)) && a.some((value, i) => value < (b[i] as number));
  return points.map((point) => !points.some((other) => beats(other, point)));
}
