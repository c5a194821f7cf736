/** `--budget encoder=7M`: limits on what a part may cost. */
import { type NonEmpty } from "../errors/must.ts";
import { nearest, UsageError, UserError, type Report } from "../errors/index.ts";
import type { ModelCounts } from "./count.ts";
import type { memoryFigures } from "./memory.ts";
import { binaryScales, compact, integer } from "./numbers.ts";

interface MetricFacts {
  readonly key: "params" | "macs" | (typeof memoryFigures)[number]["key"];
  /** What is counted, in the plural. */
  readonly unit: string;
  /** What a suffix multiplies by. */
  readonly suffixes: Readonly<Record<string, number>>;
}

const decimal = { k: 1e3, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const bytes = { ...decimal, B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** What a budget limits. */
export type BudgetMetric = "params" | "macs" | "activation" | "largest" | "torch" | "saved";

const metrics = {
  params: { key: "params", unit: "parameters", suffixes: decimal },
  macs: { key: "macs", unit: "MACs", suffixes: decimal },
  activation: { key: "activationBytes", unit: "bytes of activation", suffixes: bytes },
  largest: { key: "largestTensorBytes", unit: "bytes in its largest tensor", suffixes: bytes },
  torch: { key: "torchActivationBytes", unit: "bytes of activation in torch", suffixes: bytes },
  saved: { key: "savedBytes", unit: "bytes saved for backward", suffixes: bytes },
} as const satisfies Record<BudgetMetric, MetricFacts>;

export interface Budget {
  /** Of the model. */
  readonly part: string;
  /** What is limited. */
  readonly metric: BudgetMetric;
  /** Parameters, multiply-accumulates or bytes. */
  readonly limit: number;
}

/** A budget beside what a model costs; null where the model has no such part, or it was not measured. */
export interface BudgetVerdict extends Budget {
  /** What the model has. */
  readonly actual: number | null;
  /** actual − limit, 0 where the budget is kept. */
  readonly over: number | null;
}

export interface BudgetViolation extends Budget {
  readonly model: string;
  readonly actual: number;
  /** actual − limit. */
  readonly over: number;
  /** `encoder has 41,431,612 parameters, 34,431,612 over the budget of 7,000,000` */
  readonly message: string;
}

/** `encoder.params`: what a budget limits. */
export function budgetName({ part, metric }: Pick<Budget, "part" | "metric">): string {
  return `${part}.${metric}`;
}

/** A figure that a budget limits, or the limit: parameters exactly, MACs and bytes in three digits. */
export function budgetFigure({ metric }: Pick<Budget, "metric">, value: number | null): string {
  if (value === null) return "–";
  const { key } = metrics[metric];
  if (key === "params") return integer(value);
  return key === "macs" ? `${compact(value)}MACs` : `${compact(value, binaryScales)}B`;
}

/** Whether a budget is of memory, which counts may leave out. */
export function isOfMemory({ metric }: Budget): boolean {
  return metrics[metric].key.endsWith("Bytes");
}

/** Reads `part=limit` or `part.metric=limit`, such as `encoder=7M` or `decoder.activation=192MiB`. Throws UsageError. */
export function parseBudget(text: string): Budget {
  const [target, limitText, ...rest] = text.split("=") as readonly string[] as NonEmpty<string>;
  if (limitText === undefined || rest.length > 0) {
    throw new UsageError({
      what: `"${text}" is not a budget`,
      expected: "part=limit or part.metric=limit",
      help: "write encoder=7M, or encoder.macs=40G",
    });
  }
  const dot = target.indexOf(".");
  const [partText, metricText] = dot < 0 ? [target, "params"] : [target.slice(0, dot), target.slice(dot + 1)];
  if (!/^\w+$/.test(partText))
    throw nameless("part", partText, "the name of a part, such as encoder or decoder", "write encoder=7M", text);
  const metric = chooseMetric(metricText, text);
  return { part: partText, metric, limit: parseLimit(limitText, metrics[metric], text) };
}

function chooseMetric(word: string, text: string): BudgetMetric {
  const choices = Object.keys(metrics) as BudgetMetric[];
  const found = choices.find((choice) => choice === word);
  if (found !== undefined) return found;
  const meant = nearest(word, choices);
  const expected = choices.join(", ");
  throw nameless("metric", word, expected, meant === undefined ? `choose one of ${expected}` : `did you mean ${meant}?`, text);
}

function nameless(what: string, word: string, expected: string, help: string, text: string): UsageError {
  return new UsageError({
    what: `the budget "${text}" names no ${what}`,
    expected,
    found: word === "" ? "nothing" : word,
    help,
  });
}

function parseLimit(text: string, { suffixes }: MetricFacts, budget: string): number {
  const [, number, suffix] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const factor = suffix === undefined || suffix === "" ? 1 : Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : undefined;
  // Rounded, since 6.755 · 10⁶ is not a whole number in binary.
  const limit = number === undefined || factor === undefined ? 0 : Math.round(Number(number) * factor);
  if (limit > 0) return limit;
  const names = Object.keys(suffixes);
  // Bytes are what memory is counted in, and MB of parameters is a file's size.
  const ofBytes = suffix !== undefined && !Object.hasOwn(suffixes, suffix) && Object.hasOwn(bytes, suffix);
  if (ofBytes) {
    const part = budget.slice(0, budget.search(/[.=]/));
    throw new UsageError({
      what: `the budget "${budget}" has no limit`,
      expected: `a number above zero, alone or with ${names.join(", ")}`,
      found: text,
      help: `${suffix} counts bytes, which go with memory: write ${part}.activation=${text.trim()}`,
    });
  }
  const meant = suffix === undefined || factor !== undefined ? undefined : nearest(suffix, names);
  throw new UsageError({
    what: `the budget "${budget}" has no limit`,
    expected: `a number above zero, alone or with ${names.join(", ")}`,
    found: text === "" ? "nothing" : text,
    help: meant === undefined ? "write 7M for seven million" : `did you mean ${number}${meant}?`,
  });
}

/** Throws UsageError for the first budget of a part that none of the models has. */
export function checkParts(parts: readonly string[], budgets: readonly Budget[]): void {
  for (const { part } of budgets) {
    if (parts.includes(part)) continue;
    const meant = nearest(part, parts) ?? parts.find((name) => name.startsWith(part));
    throw new UsageError({
      what: `the budget of "${part}" names no part`,
      expected: [...new Set(parts)].join(", "),
      found: part,
      help: meant === undefined ? "name one of these" : `did you mean ${meant}?`,
    });
  }
}

/** What became of every budget, in JSON's form: it tells models without the part by null, which `checkBudgets` refuses. */
export function budgetVerdicts({ parts }: ModelCounts, budgets: readonly Budget[]): readonly BudgetVerdict[] {
  return budgets.map((budget) => {
    const actual = parts[budget.part]?.[metrics[budget.metric].key] ?? null;
    return { ...budget, actual, over: actual === null ? null : Math.max(0, actual - budget.limit) };
  });
}

/**
 * The budgets that models exceed, in the order of the models. Throws UserError where a budget cannot be checked: the model has no
 * such part, or the part was not measured.
 */
export function checkBudgets(models: readonly ModelCounts[], budgets: readonly Budget[]): readonly BudgetViolation[] {
  return models.flatMap(({ model, size, parts }) =>
    budgets.flatMap((budget) => {
      const { part, metric, limit } = budget;
      const counts = parts[part];
      if (counts === undefined || counts === null)
        throw new UserError(uncheckable(model, part, counts === null ? size : undefined));
      const { key, unit } = metrics[metric];
      const actual = counts[key];
      if (actual === null) throw new UserError(graphless(model, part));
      if (actual <= limit) return [];
      const over = actual - limit;
      const message = `${part} has ${integer(actual)} ${unit}, ${integer(over)} over the budget of ${integer(limit)}`;
      return [{ ...budget, model, actual, over, message }];
    }),
  );
}

/** The violations as the error that ends the command with exit code 1. */
export function budgetError(violations: readonly BudgetViolation[]): UserError {
  return new UserError(
    ...violations.map(({ model, part, message }) => ({
      what: `${model}: ${message}`,
      module: part,
      help: `make the ${part} smaller, or raise the budget`,
    })),
  );
}

function graphless(model: string, part: string): Report {
  return {
    what: `the ${part} of ${model} has no form in ONNX whose memory is counted, and could be held to a budget`,
    help: `hold it to a budget of what it takes in PyTorch: ${part}.torch or ${part}.saved`,
  };
}

function uncheckable(model: string, part: string, unfitSize: number | undefined): Report {
  return unfitSize === undefined
    ? { what: `${model} has no ${part} to hold to a budget`, help: `give the model a ${part}, or leave its budget out` }
    : {
        what: `the ${part} of ${model} does not fit ${unfitSize} and cannot be held to a budget`,
        help: "choose a --size that it fits",
      };
}
