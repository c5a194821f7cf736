/** The recipe of a run, what differs from the defaults marked. */
import { recipeSchema } from "../../../recipe/schema.ts";
import { markup, type Markup } from "../markup.ts";
import { sortableTable } from "../table.ts";
import type { Json } from "./read.ts";
import { settingsOf } from "./values.ts";

interface Row {
  readonly path: string;
  readonly text: string;
  /** Absent for what has none: names, and the phases' resolution, steps and batch. */
  readonly standard: string | undefined;
  readonly changed: boolean;
}

export function recipeTable(recipe: Json): Markup {
  const standards = defaults();
  const rows = settingsOf(recipe).map(({ path, text }): Row => {
    const standard = standards.get(path.replace(/^phases\.\d+\./, "phases.0."));
    return { path, text, standard, changed: standard !== undefined && standard !== text };
  });
  const chosen = rows.filter(({ standard, changed }) => standard === undefined || changed);
  return markup`<div class="panel">${table("Recipe: what it had to choose, and what it changed", chosen)}</div>
<details class="panel fold"><summary>All ${rows.length} fields</summary>${table("Recipe, every field", rows)}</details>
`;
}

function table(caption: string, rows: readonly Row[]): Markup {
  return sortableTable({
    caption,
    columns: [
      { title: "field", cell: ({ path }) => markup`<code>${path}</code>` },
      { title: "value", cell: ({ text, changed }) => (changed ? markup`<strong>${text}</strong>` : text) },
      { title: "default", cell: ({ standard }) => standard ?? "" },
      { title: "changed", cell: ({ changed }) => changed && "changed" },
    ],
    rows,
  });
}

/** By field. What a recipe must give has no default and stands in for itself. */
function defaults(): ReadonlyMap<string, string> {
  const must = { name: "recipe", phases: [{ name: "phase", resolution: 1, steps: 1, batch: 1 }] };
  const given = new Set(settingsOf(must).map(({ path }) => path));
  const all = settingsOf(recipeSchema.parse(must)).filter(({ path }) => !given.has(path));
  return new Map(all.map(({ path, text }) => [path, text]));
}
