import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../errors/index.ts";
import type { Model } from "../../ir/model.ts";
import { named } from "../named.ts";
import { checkOptions, flag } from "../options.ts";
import { search as searchInMemory, searchKinds, type Search, type SearchOptions } from "../search.ts";
import { compileTo } from "./compile.ts";
import { measure } from "./measure.ts";

export interface NodeSearchOptions extends Omit<SearchOptions, "measure"> {
  /** Whether graphs of the variants that fit are timed in onnxruntime on the CPU, with untrained weights; false by default. */
  readonly measure?: boolean | undefined;
}

/** `search` of `litevae/api`, which can measure, too: an image at a time, each part in a process of its own. Rejects as that does. */
export async function search(model: Model, options: NodeSearchOptions): Promise<Search> {
  named(model);
  checkOptions("search", options, { ...searchKinds, measure: flag });
  const { measure: measured = false, size = 256, signal, ...rest } = options;
  const timed = (variant: Model): Promise<number> => seconds(variant, size, signal);
  return await searchInMemory(model, { ...rest, size, signal, ...(measured ? { measure: timed } : {}) });
}

/** Of one image through all parts that inference runs. */
async function seconds(model: Model, size: number, signal: AbortSignal | undefined): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "litevae-search-"));
  try {
    await compileTo(model, folder, { signal });
    const { rows } = await measure(folder, { batches: [1], providers: ["cpu"], size, seconds: 0.5, signal });
    return rows.reduce((sum, { part, seconds_median: median, error }) => {
      if (median !== null) return sum + median;
      throw new UserError({
        what: `the ${part} of ${model.name} could not be measured`,
        found: error ?? undefined,
        help: "give a smaller --size, or leave --measure out",
      });
    }, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
