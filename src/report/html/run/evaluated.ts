/** What `evaluate` measured: charts over image sizes, every figure, and the protocol. */
import { basename, join } from "node:path";
import { integer, rounded } from "../../numbers.ts";
import { seriesColor } from "../chart-config.ts";
import { chart, figureGrid, type AnyFigure, type Spec } from "../chart.ts";
import { markup, type Markup } from "../markup.ts";
import { sortableTable } from "../table.ts";
import { metrics, type Evaluation, type Measured } from "./measurements.ts";
import { embedded, imageElement } from "./images.ts";
import { settingsOf } from "./values.ts";

type Size = Evaluation["sizes"][number];

export async function evaluatedSection(evaluations: readonly Measured<Evaluation>[], folder: string): Promise<Markup> {
  const parts: Markup[] = [];
  for (const { file, content } of evaluations) {
    if (evaluations.length > 1) parts.push(markup`<h3 class="sub">${file}</h3>`);
    parts.push(
      await sizeCharts(content),
      sizeTable(file, content),
      ...latentTables(content),
      await imbalance(content, folder),
      protocol(file, content),
    );
  }
  return markup`${parts}`;
}

/** The paper's Fig. 5: a metric over the sizes at which one model was evaluated. */
async function sizeCharts({ sizes }: Evaluation): Promise<Markup> {
  const charts: AnyFigure[] = [];
  for (const { key, title, better } of metrics) {
    const rows = sizes.flatMap((row) => {
      const value = row[key];
      return typeof value === "number"
        ? [{ size: row.size, value, read: `${title} at ${row.size}×${row.size}; ${rounded(value)}` }]
        : [];
    });
    if (rows.length < 2) continue;
    charts.push(
      chart({
        title: `${title} by image size`,
        note: `${better === "lower" ? "Lower" : "Higher"} is better. Measured on this run.`,
        spec: () => spec(rows),
        columns: [
          { title: "size", unit: "pixels a side", cell: ({ size }) => size, value: ({ size }) => size },
          { title, cell: ({ value }) => rounded(value), value: ({ value }) => value },
        ],
        rows,
      }),
    );
  }
  return charts.length === 0 ? markup`` : await figureGrid(charts);
}

function spec(rows: readonly { readonly size: number; readonly value: number }[]): Spec {
  const sizes = rows.map(({ size }) => size);
  const x = {
    field: "size",
    type: "quantitative",
    scale: { type: "log", base: 2, domain: [Math.min(...sizes), Math.max(...sizes)], nice: false, padding: 14 },
    axis: { values: sizes, format: "d", grid: false },
    title: "pixels a side",
  };
  const y = {
    field: "value",
    type: "quantitative",
    scale: { zero: false, nice: true },
    axis: { tickCount: 4, format: "~g" },
    title: null,
  };
  return {
    height: 200,
    data: { values: rows },
    layer: [
      { mark: { type: "line", color: seriesColor(0), aria: false }, encoding: { x, y } },
      { mark: { type: "point", color: seriesColor(0) }, encoding: { x, y, description: { field: "read", type: "nominal" } } },
    ],
  };
}

function sizeTable(file: string, { sizes }: Evaluation): Markup {
  const shown = metrics.filter(({ key }) => sizes.some((row) => typeof row[key] === "number"));
  const cell = (value: number | null | undefined): string => (typeof value === "number" ? rounded(value) : "not measured");
  return markup`<div class="panel">${sortableTable<Size>({
    caption: `Measured quality, ${file}`,
    columns: [
      { title: "size", unit: "pixels a side", cell: ({ size }) => size, value: ({ size }) => size },
      {
        title: "images",
        cell: ({ images }) => typeof images === "number" && integer(images),
        value: ({ images }) => images ?? null,
      },
      ...shown.map(({ key, title, better }) => ({
        title,
        unit: `${better} is better`,
        cell: (row: Size) => cell(row[key]),
        value: (row: Size) => row[key] ?? null,
      })),
    ],
    rows: sizes,
  })}</div>
`;
}

function latentTables({ mmd }: Evaluation): readonly Markup[] {
  if (mmd === null || mmd === undefined) return [];
  const facts = [
    mmd.estimator,
    mmd.samples && `${integer(mmd.samples)} samples`,
    mmd.size && `images of ${mmd.size}×${mmd.size}`,
  ];
  return [
    markup`<div class="panel">${sortableTable({
      caption: "Distance of the latents to a standard Gaussian, MMD²",
      showCaption: true,
      columns: [
        { title: "σ of the RBF kernel", cell: ({ sigma }) => sigma, value: ({ sigma }) => sigma },
        {
          title: "MMD²",
          cell: ({ mmd2 }) => (mmd2 === null ? "not measured" : String(Number(mmd2.toPrecision(3)))),
          value: ({ mmd2 }) => mmd2,
        },
      ],
      rows: mmd.values,
    })}<p class="remark">${facts.filter((fact) => typeof fact === "string").join("; ")}. The paper's Table 6 has another, unpublished scale; the two are not to be compared.</p></div>
`,
  ];
}

async function imbalance({ imbalance: found }: Evaluation, folder: string): Promise<Markup> {
  if (found === null || found === undefined || typeof found.value !== "number") return markup``;
  // A name in the run's folder, never a path that leads out of it.
  const image = typeof found.image === "string" ? await embedded(join(folder, basename(found.image))) : undefined;
  return markup`<div class="panel remark-panel"><h3>Imbalance of the last decoder block’s feature maps: ${rounded(found.value)}</h3>
<p class="remark">${[found.definition, found.module].filter((text) => typeof text === "string").join("; ")}. Fig. 3 of the paper shows such maps.</p>
${image !== undefined && imageElement(image, "Magnitudes of the feature maps of the last decoder block")}</div>
`;
}

function protocol(file: string, { source, protocol: how }: Evaluation): Markup {
  const rows = [...settingsOf(source, "source"), ...settingsOf(how)].filter(({ path, text }) => path !== "" && text !== "");
  return markup`<details class="panel fold"><summary>Protocol of ${file}: how this was measured</summary>${sortableTable({
    caption: `Protocol of ${file}`,
    columns: [
      { title: "what", cell: ({ path }) => markup`<code>${path}</code>` },
      { title: "value", cell: ({ text }) => text },
    ],
    rows,
  })}</details>
`;
}
