/** Every figure of every part, exact. */
import { flopsOf, type PartCounts } from "../../count.ts";
import { memoryFigures } from "../../memory.ts";
import { markup, type Markup } from "../markup.ts";
import type { Compared } from "./compared.ts";
import { exact } from "./metrics.ts";
import { sortableTable, type TableColumn } from "../table.ts";

interface Row {
  readonly model: string;
  readonly latentChannels: number | undefined;
  readonly name: string;
  readonly part: PartCounts | null;
}

export function costTable(models: readonly Compared[]): Markup {
  const rows = models.flatMap(({ counts: { model, latentChannels, parts } }) =>
    Object.entries(parts).flatMap(([name, part]): readonly Row[] =>
      part === undefined ? [] : [{ model, latentChannels, name, part }],
    ),
  );
  const figure = (title: string, of: (part: PartCounts) => number | null, unit?: string): TableColumn<Row> => ({
    title,
    ...(unit === undefined ? {} : { unit }),
    cell: ({ part }) => (part === null ? "does not fit" : exact(of(part))),
    value: ({ part }) => (part === null ? null : of(part)),
  });
  return markup`<div class="panel">${sortableTable({
    caption: "Cost of every part",
    columns: [
      { title: "model", cell: ({ model }) => model },
      { title: "part", cell: ({ name }) => name },
      {
        title: "latent channels",
        cell: ({ latentChannels }) => latentChannels ?? "–",
        value: ({ latentChannels }) => latentChannels ?? null,
      },
      figure("parameters", ({ params }) => params),
      figure("MACs", ({ macs }) => macs),
      figure("FLOPs", flopsOf, "2·MACs"),
      ...memoryFigures.map(({ name, key }) => figure(name, (part) => part[key], "bytes")),
    ],
    rows,
  })}</div>`;
}
