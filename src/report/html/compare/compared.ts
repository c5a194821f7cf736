import type { Model } from "../../../ir/model.ts";
import type { ModelCounts } from "../../count.ts";

/** A model with what it costs. Names are those of the counts: the command line tells models of one name apart. */
export interface Compared {
  readonly model: Model;
  readonly counts: ModelCounts;
}

/** The parts that run at inference; a discriminator works in training alone. */
export const inferenceParts = ["encoder", "decoder"] as const;
