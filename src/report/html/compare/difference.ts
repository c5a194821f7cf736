/** The modules that differ between two models. */
import { differenceOf } from "../../difference.ts";
import { differenceRows, kindOf, type DifferenceRow } from "../../difference-table.ts";
import { integer } from "../../numbers.ts";
import { markup, type Markup } from "../markup.ts";
import { sortableTable, type TableColumn } from "../table.ts";
import type { Compared } from "./compared.ts";

export function differenceTable(first: Compared, second: Compared): Markup {
  const difference = differenceOf(first.counts, second.counts);
  const rows = differenceRows(difference);
  if (rows.length === 0) return markup`<p>No module differs in kind, attributes, parameters or MACs.</p>`;
  const figures = (key: "params" | "macs", title: string): readonly TableColumn<DifferenceRow>[] =>
    (["first", "second"] as const).map((side) => ({
      title,
      unit: difference[side],
      cell: (row) => row[side] !== null && integer(row[side][key]),
      value: (row) => row[side]?.[key] ?? null,
    }));
  return markup`<div class="panel">${sortableTable({
    caption: "Modules that differ",
    columns: [
      { title: "module", cell: ({ path }) => markup`<code>${path}</code>` },
      { title: "kind", cell: kindOf },
      ...figures("params", "parameters"),
      ...figures("macs", "MACs"),
      { title: "note", cell: ({ note }) => note },
    ],
    rows,
  })}</div>`;
}
