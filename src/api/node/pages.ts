import { builtIns } from "../../../dsl/models/index.ts";
import type { Note } from "../../errors/index.ts";
import type { Model } from "../../ir/model.ts";
import { packageName } from "../../targets/torch/names.ts";
import type { Comparison } from "../count.ts";
import type { Search } from "../search.ts";
import { named } from "../named.ts";

/** A page for a browser: one HTML document that loads nothing. */
export interface Page {
  readonly html: string;
  /** What could not be read, and is not on the page. */
  readonly notes: readonly Note[];
}

/**
 * The page about a training run, the folder that the trainer wrote: losses, images, recipe, and what was measured. Rejects with UserError where the folder is
 * not one of a run.
 */
export async function report(run: string): Promise<Page> {
  const { readRun } = await import("../../report/html/run/read.ts");
  const { runPage } = await import("../../report/html/run/page.ts");
  const found = await readRun(run);
  const model = found.config?.["model"];
  return { html: await runPage(found, typeof model === "string" ? packageName(model) : "PACKAGE"), notes: found.notes };
}

/** A search as a page: what the variants that fit cost, and which of them are on the front. */
export async function searchPage(search: Search): Promise<string> {
  return await (await import("../../report/html/search/page.ts")).searchPage(search);
}

/** A comparison as a page, beside the figures that the paper published; `models` are those that were compared, in their order. */
export async function comparisonPage(
  models: readonly Model[],
  { counts, budgets }: Pick<Comparison, "counts" | "budgets">,
): Promise<string> {
  const { comparisonPage: page } = await import("../../report/html/compare/page.ts");
  const { paperModels, shownFigures } = await import("../../report/html/paper.ts");
  const { latentChannels } = paperModels;
  const published = shownFigures().flatMap(({ builtIn }) => {
    const model = builtIns[builtIn]?.build({ latentChannels });
    return model === undefined ? [] : [[builtIn, model] as const];
  });
  const compared = models.flatMap((model, i) => {
    const counted = counts[i];
    return counted === undefined ? [] : [{ model: named(model), counts: counted }];
  });
  return await page({ models: compared, budgets, published: new Map(published) });
}
