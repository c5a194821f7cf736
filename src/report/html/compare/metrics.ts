import type { Budget } from "../../budget.ts";
import { binaryScales, compact, decimalScales, integer, uncounted, type Scale } from "../../numbers.ts";

export interface Metric {
  readonly key: "params" | "macs" | "activationBytes";
  readonly budget: Budget["metric"];
  readonly title: string;
  /** What the exact number is in. */
  readonly unit: string;
  /** What follows the prefix of a rounded one. */
  readonly short: string;
  readonly scales: readonly Scale[];
}

export const params = {
  key: "params",
  budget: "params",
  title: "Parameters",
  unit: "parameters",
  short: "",
  scales: decimalScales,
} as const satisfies Metric;
export const macs = {
  key: "macs",
  budget: "macs",
  title: "MACs",
  unit: "MACs",
  short: "MACs",
  scales: decimalScales,
} as const satisfies Metric;
export const activation: Metric = {
  key: "activationBytes",
  budget: "activation",
  title: "Activation memory",
  unit: "bytes",
  short: "B",
  scales: binaryScales,
};

/** `37.8 GMACs` */
export function readable(value: number | null, { scales, short }: Metric): string {
  return value === null ? uncounted : `${compact(value, scales)}${short}`.trim();
}

/** `37,837,471,744` */
export function exact(value: number | null): string {
  return value === null ? uncounted : integer(value);
}

/** The lowest limit that a part has for a metric. */
export function tightestLimit(budgets: readonly Budget[], name: string, metric: Metric): number | undefined {
  const limits = budgets.flatMap((budget) => (budget.part === name && budget.metric === metric.budget ? [budget.limit] : []));
  return limits.length === 0 ? undefined : Math.min(...limits);
}
