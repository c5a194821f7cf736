import { InternalError, must } from "../errors/must.ts";
import { pause } from "../errors/pause.ts";
import { UserError, type Report } from "../errors/index.ts";
import type { Model, Variants } from "../ir/model.ts";
import { withoutPlaces } from "../ir/source.ts";
import { inferencePartsOf } from "../ir/walk.ts";
import { checkParts, isOfMemory, parseBudget, type Budget } from "../report/budget.ts";
import { countModel, type ModelCounts } from "../report/count.ts";
import { comparedRecords, type ComparedRecord } from "../report/records.ts";
import type { Costs, FittingVariant, RefusedVariant, Search, Settings } from "../report/search.ts";
import { named } from "./named.ts";
import { combinations, parseVary, requireSettings, type Varied } from "./vary.ts";
import { progressOf, type Working } from "./working.ts";

export type { Costs, FittingVariant, RefusedVariant, Search, Settings };

export interface SearchOptions extends Working {
  /** What varies: `["channels=16..64:16", "multipliers=1-2-4/1-2-2"]`, as `--vary` takes it, or the values of every setting. */
  readonly vary: readonly string[] | Varied;
  /** Limits, as `--budget` takes them. */
  readonly budgets?: readonly (string | Budget)[] | undefined;
  /** Side of the square image that costs are counted for; 256 by default. */
  readonly size?: number | undefined;
  /** Costs of which more is better on the front, such as parameters where they stand for what a model can learn; none by default. */
  readonly more?: readonly (keyof Costs)[] | undefined;
  /** Measures one image of a variant that fits, in seconds; nothing is measured by default. */
  readonly measure?: ((model: Model) => Promise<number>) | undefined;
}

/** The settings that a model lets vary; UserError where it has none. */
export function variantsOf({ name, variants }: Model): Variants {
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
  const { size = 256, signal, more = [], measure } = options;
  const { name, parts } = named(model);
  const variants = variantsOf(named(model));
  const varied = isTexts(options.vary) ? parseVary(options.vary, variants) : options.vary;
  requireSettings(Object.keys(varied), variants);
  const budgets = (options.budgets ?? []).map((budget) => (typeof budget === "string" ? parseBudget(budget) : budget));
  checkParts(
    parts.map((part) => part.name),
    budgets,
  );
  const all = combinations(varied);
  const progress = progressOf(options);
  progress(`counting ${all.length.toLocaleString("en")} variants`);
  const fitting: { settings: Settings; costs: Costs; record: ComparedRecord }[] = [];
  const refused: RefusedVariant[] = [];
  let over = 0;
  for (const [i, settings] of all.entries()) {
    await pause(signal);
    if (i > 0 && i % 50 === 0) progress(`counted ${i} of ${all.length}`);
    const found = counted(variants, settings, size, budgets);
    if (found === "over") over++;
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
  const { settings: defaults } = variants;
  return { model: name, size, defaults, varied, budgets, more, total: all.length, over, variants: shown, refused };
}

function isTexts(vary: SearchOptions["vary"]): vary is readonly string[] {
  return Array.isArray(vary);
}

function renamed(record: ComparedRecord, model: string): ComparedRecord {
  return { ...record, model };
}

function built({ settings, build }: Variants, changed: Settings): Model {
  return named(build({ ...settings, ...changed }));
}

/** Counts a variant: first what is quick, and memory of what keeps the budgets of that. */
function counted(
  variants: Variants,
  changed: Settings,
  size: number,
  budgets: readonly Budget[],
): "over" | { readonly errors: readonly Report[] } | { readonly costs: Costs; readonly record: ComparedRecord } {
  const attempt = (): ReturnType<typeof counted> => {
    const model = built(variants, changed);
    const exceeds = (counts: ModelCounts, some: readonly Budget[]): boolean =>
      must(comparedRecords([counts], some)[0], "a record").budget?.some(({ over }) => (over ?? Infinity) > 0) === true;
    if (
      exceeds(
        countModel(model, size, { memory: false }),
        budgets.filter((budget) => !isOfMemory(budget)),
      )
    )
      return "over";
    const counts = countModel(model, size);
    if (exceeds(counts, budgets)) return "over";
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
function frontOf(all: readonly Costs[], more: readonly (keyof Costs)[]): readonly boolean[] {
  const keys = ["params", "macs", "activationBytes", "seconds"] as const;
  const points = all.map((costs) =>
    keys.map((key) => {
      const value = costs[key] ?? Infinity;
      return more.includes(key) ? -value : value;
    }),
  );
  const beats = (a: readonly number[], b: readonly number[]): boolean =>
    a.every((value, i) => value <= (b[i] as number)) && a.some((value, i) => value < (b[i] as number));
  return points.map((point) => !points.some((other) => beats(other, point)));
}
