import type { Budget } from "../../budget.ts";
import type { Counts } from "../../count.ts";
import { binaryScales, compact, decimalScales, type Scale } from "../../numbers.ts";

export interface Metric {
  readonly key: keyof Counts;
  readonly budget: Budget["metric"];
  readonly title: string;
  /** What the exact number is in. */
  readonly unit: string;
  /** What follows the prefix of a rounded one. */
  readonly short: string;
  readonly scales: readonly Scale[];
}

export const params: Metric = {
  key: "params",
  budget: "params",
  title: "Parameters",
  unit: "parameters",
  short: "",
  scales: decimalScales,
};
export const macs: Metric = { key: "macs", budget: "macs", title: "MACs", unit: "MACs", short: "MACs", scales: decimalScales };
export const activation: Metric = {
  key: "activationBytes",
  budget: "activation",
  title: "Activation memory",
  unit: "bytes",
  short: "B",
  scales: binaryScales,
};

/** `37.8 GMACs` */
export function readable(value: number, { scales, short }: Metric): string {
  return `${compact(value, scales)}${short}`.trim();
}

/** The lowest limit that a part has for a metric. */
export function tightestLimit(budgets: readonly Budget[], name: string, metric: Metric): number | undefined {
  const limits = budgets.flatMap((budget) => (budget.part === name && budget.metric === metric.budget ? [budget.limit] : []));
  return limits.length === 0 ? undefined : Math.min(...limits);
}
