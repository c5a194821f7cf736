/** The parts that models have between them. */
import type { ModelCounts } from "./count.ts";

/** Their names, each once, in the models' own order. */
export function partNamesOf(models: readonly Pick<ModelCounts, "parts">[]): readonly string[] {
  return [...new Set(models.flatMap(({ parts }) => Object.keys(parts)))];
}
