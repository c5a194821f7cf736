/** `litevae compare --format html`: what models cost, side by side, as one page. */
import type { Model } from "../../../ir/model.ts";
import { partOf } from "../../../ir/walk.ts";
import type { Budget } from "../../budget.ts";
import { partMacs } from "../../count.ts";
import { fitReport } from "../../fit.ts";
import { memoryFigures } from "../../memory.ts";
import type { Section } from "../page.ts";
import { pageText } from "../page.ts";
import { markup } from "../markup.ts";
import { paperCharts, paperLink, paperModels, type PaperCosts } from "../paper.ts";
import { paperTables } from "../paper-tables.ts";
import { costTable } from "./cost-table.ts";
import { costCharts } from "./costs.ts";
import type { Compared } from "./compared.ts";
import { differenceTable } from "./difference.ts";
import { moduleGraphs } from "./graph.ts";
import { keyFigures } from "./key-figures.ts";
import { memoryCharts } from "./memory.ts";
import { shareCharts } from "./shares.ts";

export interface Comparison {
  /** All measured at the same size. */
  readonly models: readonly Compared[];
  readonly budgets: readonly Budget[];
  /** The models that the paper's figures are of, by the built-in's name. */
  readonly published: ReadonlyMap<string, Model>;
}

/** The page as text. */
export async function comparisonPage({ models, budgets, published }: Comparison): Promise<string> {
  const names = models.map(({ counts }) => counts.model);
  const size = models[0]?.counts.size ?? 0;
  return pageText({
    kicker: "Comparison of autoencoders",
    title: listed(names),
    lead: `Counted for one image of ${size}×${size} pixels, in float32. A MAC is one multiplication with its addition; FLOPs are 2·MACs. Activation is the peak of the values that onnxruntime allocates at once for the compiled graph.`,
    headline: keyFigures(models),
    sections: [
      {
        id: "cost",
        title: "Cost of each part",
        intro: "Of the parts that run at inference. What discriminators cost in training is in the table of all figures.",
        body: await costCharts(models, budgets),
      },
      { id: "modules", title: "Cost by module", body: await shareCharts(models, budgets) },
      {
        id: "memory",
        title: "Memory by image size",
        intro: "Peak activation in onnxruntime, counted at each size. Sizes that a model does not fit are left out.",
        body: await memoryCharts(models),
      },
      {
        id: "paper",
        title: "Published quality",
        intro: markup`Marks are the models of the LiteVAE paper (${paperLink}) with their published figures. They are not measurements of the models above. MACs are counted here, for the same architectures.`,
        body: markup`${await paperCharts(paperCosts(models, published))}${paperTables()}`,
      },
      {
        id: "graph",
        title: "Graph of modules",
        intro:
          "Shapes are channels × height × width. Press a block to open what is inside it; blocks that are equal are drawn once.",
        body: moduleGraphs(models),
      },
      {
        id: "figures",
        title: "All figures",
        body: markup`${costTable(models)}<dl>${memoryFigures.map(({ name, about }) => markup`<dt>${name}</dt><dd>${about}</dd>`)}</dl>`,
      },
      ...differenceSection(models),
    ],
    footer: markup`<p>Parameters and MACs are counted from the models themselves by <code>litevae compare</code>. Exact figures: <code>--format json</code>.</p><p>This page loads nothing from any network.</p>`,
  });
}

/** `s, b and sd-vae` */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function differenceSection([first, second, ...others]: readonly Compared[]): readonly Section[] {
  if (first === undefined || second === undefined || others.length > 0) return [];
  return [{ id: "difference", title: "Modules that differ", body: differenceTable(first, second) }];
}

function paperCosts(models: readonly Compared[], published: ReadonlyMap<string, Model>): PaperCosts {
  const { size } = paperModels;
  // The paper's figures are of autoencoders, beside what their encoders cost.
  const macsOf = (model: Model): readonly number[] => {
    const part = model.autoencoder && partOf(model, model.autoencoder.encoder);
    return part === undefined || fitReport([part], size, size) !== undefined ? [] : [partMacs(part, size, size)];
  };
  const known = [...published].flatMap(([name, model]) => macsOf(model).map((macs) => [name, macs] as const));
  const others = models
    .filter(({ model }) => !published.has(model.name))
    .flatMap(({ model, counts }) => macsOf(model).map((macs) => ({ model: counts.model, macs })));
  return { macs: new Map(known), others };
}
