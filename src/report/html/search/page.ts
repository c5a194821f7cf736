/** `litevae search --format html`: what variants cost, and which of them no other beats, as one page. */
import type { Setting } from "../../../ir/model.ts";
import { budgetFigure } from "../../budget.ts";
import { integer } from "../../numbers.ts";
import {
  budgetedOf,
  costsOf,
  countText,
  costText,
  frontText,
  limitText,
  outcomeText,
  settingsText,
  settingText,
  textOf,
  type FittingVariant,
  type Search,
  type ShownCost,
} from "../../search.ts";
import { figure, type Spec } from "../chart.ts";
import { markup, type Markup } from "../markup.ts";
import { pageText, type Section } from "../page.ts";
import { sortableTable, type TableColumn } from "../table.ts";

/** The page as text. */
export async function searchPage(search: Search): Promise<string> {
  const { model, size, variants, refused, budgets } = search;
  const limits = budgets.map(({ part, metric, limit }) => `${part}.${metric} ${integer(limit)}`).join(", ");
  return pageText({
    kicker: "Variants of a model",
    title: model,
    lead: `Counted for one image of ${size}×${size} pixels, in float32: parameters and MACs of all parts that inference runs, activation of the largest. ${limits === "" ? "No budget was given" : `Budgets: ${limits}`}.`,
    headline: markup`<div class="keys"><section class="card key" aria-label="Outcome"><h2>${countText(search.total)}</h2><p>${outcomeText(search).replace(/^.*?: /, "")}</p></section></div>
`,
    sections: [
      ...(variants.length === 0 ? [] : [await costSection(search)]),
      { id: "settings", title: "What varied", body: settingsTable(search) },
      ...(refused.length === 0 ? [] : [refusedSection(search)]),
    ],
    footer: markup`<p>Counted by <code>litevae search</code>. Exact figures: <code>--format json</code>.</p><p>This page loads nothing from any network.</p>`,
  });
}

async function costSection(search: Search): Promise<Section> {
  const { variants } = search;
  return {
    id: "cost",
    title: "Cost of the variants that fit",
    intro: `${frontText(search).replace(/^on/, "On")} A cost that is not known is as bad as any.`,
    body: markup`${await figure({
      title: "Parameters and MACs",
      note: "Filled marks are on the front. Both axes are logarithmic.",
      spec: (narrow) => spec(variants, narrow),
      columns: columnsOf(search),
      rows: variants,
    })}<div class="panel">${sortableTable({ caption: "Variants that fit", columns: columnsOf(search), rows: variants })}</div>`,
  };
}

function columnsOf(search: Search): readonly TableColumn<FittingVariant>[] {
  return [
    { title: "variant", cell: ({ settings }) => settingsText(settings) || "as it is" },
    { title: "front", cell: ({ front }) => (front ? "yes" : ""), value: ({ front }) => (front ? "yes" : "no") },
    ...costsOf(search).map((cost) => costColumn(cost)),
    ...search.budgets.map((budget) => ({
      title: limitText(budget),
      cell: (variant: FittingVariant) => budgetFigure(budget, budgetedOf(variant, budget)),
      value: (variant: FittingVariant) => budgetedOf(variant, budget),
    })),
  ];
}

function costColumn(cost: ShownCost): TableColumn<FittingVariant> {
  return {
    title: cost.title,
    cell: ({ costs }) => costText(costs, cost),
    value: ({ costs }) => costs[cost.key] ?? null,
  };
}

function spec(variants: readonly FittingVariant[], narrow: boolean): Spec {
  const values = variants.map(({ settings, costs, front }) => ({
    params: costs.params,
    macs: costs.macs,
    front,
    read: `${settingsText(settings)}; ${integer(costs.params)} parameters; ${integer(costs.macs)} MACs${front ? "; on the front" : ""}`,
  }));
  const axis = (field: "params" | "macs", title: string, ticks: number): Spec => ({
    field,
    type: "quantitative",
    scale: { type: "log", domain: domainOf(values.map((each) => each[field])), nice: false },
    axis: { tickCount: ticks, format: "~s", labelOverlap: true },
    title,
  });
  const x = axis("macs", "MACs", narrow ? 3 : 6);
  const y = axis("params", "parameters", 5);
  const point = { type: "point", size: 80 };
  const description = { field: "read", type: "nominal" };
  return {
    height: 300,
    data: { values },
    layer: [
      {
        transform: [{ filter: "!datum.front" }],
        mark: { ...point, filled: false, strokeWidth: 1.5, color: "var(--muted)" },
        encoding: { x, y, description },
      },
      {
        transform: [{ filter: "datum.front" }],
        mark: { ...point, color: "var(--series-1)" },
        encoding: { x, y, description },
      },
    ],
  };
}

/** All values with a little room on both sides. */
function domainOf(values: readonly number[]): readonly [number, number] {
  return [Math.max(1, Math.min(...values)) / 1.15, Math.max(1, ...values) * 1.15];
}

function settingsTable({ varied, defaults }: Search): Markup {
  const rows = Object.entries(defaults);
  const values = (name: string): readonly Setting[] => varied[name] ?? [];
  return markup`<div class="panel">${sortableTable({
    caption: "Settings of the model",
    columns: [
      { title: "setting", cell: ([name]) => name },
      { title: "the model's own", cell: ([name]) => textOf(defaults, name) },
      { title: "values", cell: ([name]) => values(name).map(settingText).join(", ") || "did not vary" },
    ],
    rows,
  })}</div>`;
}

/** Variants that have one reason in common stand together. */
function refusedSection({ refused }: Search): Section {
  const byReason = new Map<string, { readonly help: string; readonly variants: string[] }>();
  for (const { settings, errors } of refused) {
    const why = errors.map(({ what }) => what).join("; ");
    const known = byReason.get(why);
    if (known !== undefined) known.variants.push(settingsText(settings));
    else byReason.set(why, { help: errors.map(({ help }) => help).join("; "), variants: [settingsText(settings)] });
  }
  return {
    id: "refused",
    title: "Variants that cannot be built",
    body: markup`<div class="panel">${sortableTable({
      caption: "Variants that cannot be built",
      columns: [
        { title: "why", cell: ([why]) => why },
        { title: "variants", cell: ([, { variants }]) => variants.join("; ") },
        { title: "what helps", cell: ([, { help }]) => help },
      ],
      rows: [...byReason],
    })}</div>`,
  };
}
