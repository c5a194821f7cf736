/**
 * `litevae/api`: what the command line calls, for scripts. Nothing of Node is behind it: it runs in a page and in a worker as it does in Node. What reads
 * and writes files, starts processes or runs graphs is in `litevae/api/node`.
 */
export { builtIn, builtInNames } from "./built-in.ts";
export { check, type CheckedModel, type CheckedPart } from "./check.ts";
export {
  compile,
  type CompiledFiles,
  type CompileOptions,
  type CompileSettings,
  type Installation,
  type WeightsInMemory,
} from "./compile.ts";
export {
  compare,
  comparisonText,
  count,
  requireBudgets,
  type CompareOptions,
  type Comparison,
  type CountOptions,
} from "./count.ts";
export { list, type Listed, type Listing } from "./list.ts";
export { summary, type SummaryOptions } from "./summary.ts";
export { formatSummary as summaryText, type PartSummary, type Summary, type SummaryRow } from "../report/summary.ts";
export { formatKeys as keysText, keysOf, type KeyRecord } from "../report/keys.ts";
export { formatBenchmark as benchmarkText, type Benchmark, type BenchmarkRow } from "../report/benchmark.ts";
export {
  search,
  variantsOf,
  type CostName,
  type Costs,
  type ExceedingVariant,
  type FittingVariant,
  type RefusedVariant,
  type Search,
  type SearchedBudget,
  type SearchOptions,
  type Settings,
} from "./search.ts";
export { formatSearch as searchText, requireFitting } from "../report/search.ts";
export type { Varied } from "./vary.ts";
export type { Working } from "./working.ts";
export { UsageError, UserError, type Note, type Place, type Report } from "../errors/index.ts";
export type { Manifest } from "../compiler/manifest.ts";
export type { Model, Setting, Variants } from "../ir/model.ts";
export { parseBudget, type Budget, type BudgetVerdict } from "../report/budget.ts";
export type { ModelCounts, ModuleCounts, PartCounts } from "../report/count.ts";
export type { ComparedRecord, ModelRecord, PartRecord } from "../report/records.ts";
export type { TargetOptions } from "../targets/index.ts";
