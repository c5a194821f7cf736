/** Everything that was published about quality and speed, by table. */
import { must } from "../../errors/must.ts";
import {
  paper,
  type PublishedAblation,
  type PublishedGeneration,
  type PublishedMmd,
  type PublishedQuality,
  type PublishedThroughput,
} from "../../paper/figures.ts";
import { markup, type Markup } from "./markup.ts";
import { qualityMetrics } from "./paper.ts";
import { sortableTable, type TableColumn, type TableOptions } from "./table.ts";

export function paperTables(): Markup {
  const model = { title: "paper’s model", cell: (row: { readonly model: string }) => row.model };
  const data = { title: "data", cell: (row: { readonly data: string }) => row.data };
  return markup`${fold<PublishedQuality>("Reconstruction: Tables 1 and 2", {
    caption: "Published reconstruction quality",
    columns: [
      model,
      { title: "table", cell: ({ table }) => table },
      data,
      number<PublishedQuality>("size", ({ size }) => size, 0),
      number<PublishedQuality>("latent channels", ({ latentChannels }) => latentChannels, 0),
      ...qualityMetrics.map(({ key, title, digits }) => number<PublishedQuality>(title, (row) => row[key], digits)),
    ],
    rows: paper.quality,
  })}${fold<PublishedThroughput>("Encoder throughput: Table 3, one RTX 6000 at batch 32", {
    caption: "Published encoder throughput",
    columns: [
      model,
      number<PublishedThroughput>("parameters, M", ({ params }) => params, 2),
      number<PublishedThroughput>("GPU memory, MB", ({ gpuMegabytes }) => gpuMegabytes, 0),
      number<PublishedThroughput>("images/s", ({ imagesPerSecond }) => imagesPerSecond, 1),
    ],
    rows: paper.throughput,
  })}${fold<PublishedMmd>("Distance of latents to a standard Gaussian: Table 6, scale and estimator unpublished", {
    caption: "Published distance of latents to a Gaussian",
    columns: [
      model,
      ...paper.mmd[0].values.map(({ sigma }, i) =>
        number<PublishedMmd>(`σ = ${sigma}`, ({ values }) => must(values[i], "a published distance").mmd, 2),
      ),
    ],
    rows: paper.mmd,
  })}${fold<PublishedGeneration>("Generation with latent diffusion: Table 7", {
    caption: "Published FID of latent diffusion",
    columns: [
      model,
      data,
      number<PublishedGeneration>("size", ({ size }) => size, 0),
      number<PublishedGeneration>("FID", ({ fid }) => fid, 2),
    ],
    rows: paper.generation,
  })}${fold<PublishedAblation>("Ablations: Tables 4, 10, 14 and 17", {
    caption: "Published ablations",
    columns: [
      { title: "what changes", cell: ({ what }) => what },
      { title: "choice", cell: ({ choice }) => choice },
      { title: "table", cell: ({ table }) => table },
      number<PublishedAblation>("rFID", ({ rfid }) => rfid, 2),
    ],
    rows: paper.ablations,
  })}`;
}

function number<Row>(title: string, value: (row: Row) => number, digits: number): TableColumn<Row> {
  return { title, cell: (row) => value(row).toFixed(digits), value };
}

function fold<Row>(title: string, table: TableOptions<Row>): Markup {
  return markup`<details class="panel fold"><summary>${title}</summary>${sortableTable(table)}</details>
`;
}
