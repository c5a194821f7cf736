import type { Model } from "../../../ir/model.ts";
import type { ModelCounts } from "../../count.ts";

/** A model with what it costs. Names are those of the counts: the command line tells models of one name apart. */
export interface Compared {
  readonly model: Model;
  readonly counts: ModelCounts;
}

/** The names of the parts that run at inference, each once; a discriminator works in training alone. */
export function inferenceParts(models: readonly Compared[]): readonly string[] {
  const parts = models.flatMap(({ model }) => model.parts).filter(({ trainingOnly }) => trainingOnly !== true);
  return [...new Set(parts.map(({ name }) => name))];
}
