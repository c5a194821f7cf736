/** `litevae compare --format html`: what models cost, side by side, as one page. */
import type { Budget } from "../../budget.ts";
import { type ModelCounts } from "../../count.ts";
import { pageText } from "../page.ts";
import { costCharts } from "./costs.ts";
import { costTable } from "./cost-table.ts";
import { keyFigures } from "./key-figures.ts";

export interface Comparison {
  /** All measured at the same size. */
  readonly models: readonly ModelCounts[];
  readonly budgets: readonly Budget[];
}

/** The page as text. */
export async function comparisonPage({ models, budgets }: Comparison): Promise<string> {
  const names = models.map(({ model }) => model);
  const size = models[0]?.size ?? 0;
  return pageText({
    kicker: "Comparison of autoencoders",
    title: names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`,
    lead: `Counted for one image of ${size}×${size} pixels in float32. A MAC is one multiplication with its addition; FLOPs are 2·MACs.`,
    headline: keyFigures(models),
    sections: [
      {
        id: "cost",
        title: "Cost by part",
        intro:
          "The encoder runs once for every training image of a diffusion model, the decoder once for every picture it makes.",
        body: await costCharts(models, budgets),
      },
      { id: "figures", title: "All figures", body: costTable(models) },
    ],
    footer: "Counted by litevae from the models themselves. Nothing in this page is loaded from a network.",
  });
}
