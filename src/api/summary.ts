import { pause } from "../errors/pause.ts";
import type { Model } from "../ir/model.ts";
import { countModel } from "../report/count.ts";
import { summaryOf, type Summary } from "../report/summary.ts";
import { countKinds, usualSize, type CountOptions } from "./count.ts";
import { named } from "./named.ts";
import { checkOptions, wholeFrom } from "./options.ts";
import { progressOf } from "./working.ts";

export interface SummaryOptions extends CountOptions {
  /** How many levels of modules are listed; all by default, 0 for the parts alone. */
  readonly depth?: number | undefined;
}

/**
 * A model's modules as a tree: shapes, parameters, multiply-accumulates and memory, for one image in float32. Rejects with UserError where the size does not fit
 * a part that inference runs.
 */
export async function summary(model: Model, options: SummaryOptions = {}): Promise<Summary> {
  const whole = named(model);
  checkOptions("summary", options, { ...countKinds, depth: wholeFrom(0) });
  const { size = usualSize, memory = true, depth, signal } = options;
  await pause(signal);
  progressOf(options)(`counting ${whole.name}`);
  return summaryOf(countModel(whole, size, { memory }), depth);
}
