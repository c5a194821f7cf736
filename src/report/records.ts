/** What scripts get of counts: the contract of `compare --format json` (docs/authoring.md). Keys may be added, those here stay. */
import type { Note } from "../errors/index.ts";
import { budgetVerdicts, type Budget, type BudgetVerdict } from "./budget.ts";
import { flopsOf, type ModelCounts, type PartCounts } from "./count.ts";
import { differenceRows, type DifferenceRow } from "./difference-table.ts";
import { differenceOf } from "./difference.ts";
import { memoryFigures } from "./memory.ts";

/** What a part costs for one image, in float32. */
export type PartRecord = Pick<
  PartCounts,
  "params" | "macs" | "activationBytes" | "largestTensorBytes" | "torchActivationBytes" | "savedBytes"
> & {
  /** 2 · macs. */
  readonly flops: number;
};

/** What a model costs for one image of `size` × `size` pixels. */
export interface ModelRecord {
  /** Its name. */
  readonly model: string;
  /** Height and width of the image in pixels. */
  readonly size: number;
  /** Of an autoencoder. */
  readonly latentChannels?: number | undefined;
  /** By the names of the model's parts; null for one that only training runs, a discriminator, where the size does not fit it. */
  readonly parts: Readonly<Record<string, PartRecord | null>>;
  /** What was not measured, and why; absent where there is nothing to say. */
  readonly notes?: readonly Note[];
}

/** A model among those that are compared. */
export interface ComparedRecord extends ModelRecord {
  /** What became of every budget; absent where there are none. */
  readonly budget?: readonly BudgetVerdict[];
  /** Of the second of exactly two models: the modules in which it differs from the first. */
  readonly differences?: { readonly from: string; readonly modules: readonly DifferenceRow[] };
}

export function modelRecord({ model, size, latentChannels, parts, notes }: ModelCounts): ModelRecord {
  const entries = Object.entries(parts).flatMap(([name, part]) =>
    part === undefined ? [] : [[name, part === null ? null : partRecord(part)] as const],
  );
  return { model, size, latentChannels, parts: Object.fromEntries(entries), ...(notes.length === 0 ? {} : { notes }) };
}

/** The figures of a part, without its modules. */
export function partRecord(part: PartCounts): PartRecord {
  const { params, macs } = part;
  const memory = Object.fromEntries(memoryFigures.map(({ key }) => [key, part[key]]));
  return { params, macs, flops: flopsOf(part), ...(memory as Pick<PartRecord, (typeof memoryFigures)[number]["key"]>) };
}

/** One record per model, in their order. */
export function comparedRecords(models: readonly ModelCounts[], budgets: readonly Budget[] = []): readonly ComparedRecord[] {
  const [first, second, ...others] = models;
  return models.map((counts) => ({
    ...modelRecord(counts),
    ...(budgets.length === 0 ? {} : { budget: budgetVerdicts(counts, budgets) }),
    ...(first !== undefined && counts === second && others.length === 0
      ? { differences: { from: first.model, modules: differenceRows(differenceOf(first, second)) } }
      : {}),
  }));
}
