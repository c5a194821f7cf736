/** The paper's published figures, in sections of their own: no table and no series holds one of them beside a measured number. */
import { paper, type PublishedQuality } from "../../paper/figures.ts";
import { seriesColor } from "./chart-config.ts";
import { chart, figureGrid, type Spec } from "./chart.ts";
import { markup, type Markup } from "./markup.ts";

export interface QualityMetric {
  readonly key: "rfid" | "lpips" | "psnr" | "ssim";
  readonly title: string;
  readonly better: "lower" | "higher";
  readonly digits: number;
  /** Digits of an axis, which has values between those of two figures. */
  readonly axisDigits: number;
}

export const qualityMetrics: readonly QualityMetric[] = [
  { key: "rfid", title: "rFID", better: "lower", digits: 2, axisDigits: 1 },
  { key: "lpips", title: "LPIPS", better: "lower", digits: 3, axisDigits: 3 },
  { key: "psnr", title: "PSNR, dB", better: "higher", digits: 2, axisDigits: 1 },
  { key: "ssim", title: "SSIM", better: "higher", digits: 2, axisDigits: 3 },
];

/** Where the figures are from; a link that the reader may follow, nothing that the page loads. */
export const paperLink: Markup = markup`<a href="${paper.url}" rel="noreferrer">${paper.source}</a>`;

/** Table 2 (a), whose models differ most. */
const shown = { table: "2a", data: "ImageNet", size: 128, latentChannels: 12 } as const;

export function shownFigures(): readonly PublishedQuality[] {
  return paper.quality.filter(({ table }) => table === shown.table);
}

export interface PaperCosts {
  /** MACs of the encoder for one image of the table's size, by the built-in model's name. */
  readonly macs: ReadonlyMap<string, number>;
  /** Models of the reader, to see where they stand on the axis of costs. */
  readonly others: readonly { readonly model: string; readonly macs: number }[];
}

/** The size of the images that `PaperCosts` are counted for, and the latent channels of the paper's models. */
export const paperModels = { size: shown.size, latentChannels: shown.latentChannels } as const;

interface Mark extends PublishedQuality {
  readonly macs: number;
  readonly color: string;
}

/** A chart per metric: what the paper's encoders cost, and how well their pictures come back. */
export async function paperCharts({ macs, others }: PaperCosts): Promise<Markup> {
  const marks = shownFigures().flatMap((row): readonly Mark[] => {
    const cost = macs.get(row.builtIn);
    return cost === undefined ? [] : [{ ...row, macs: cost, color: seriesColor(row.model.startsWith("LiteVAE") ? 0 : 1) }];
  });
  const charts = qualityMetrics.map((metric) =>
    chart({
      title: `Published ${metric.title} against the encoder's MACs`,
      note: `${metric.better === "lower" ? "Lower" : "Higher"} is better. Table ${shown.table} of the paper: ${shown.data} at ${shown.size}×${shown.size}, ${shown.latentChannels} latent channels.`,
      spec: (narrow) => spec(marks, metric, others, narrow),
      columns: [
        { title: "paper's model", cell: ({ model }) => model },
        {
          title: "encoder",
          unit: "GMACs, counted here",
          cell: ({ macs: cost }) => (cost / 1e9).toFixed(2),
          value: ({ macs: cost }) => cost,
        },
        {
          title: metric.title,
          unit: "published",
          cell: (row) => row[metric.key].toFixed(metric.digits),
          value: (row) => row[metric.key],
        },
      ],
      rows: marks,
    }),
  );
  return await figureGrid(charts);
}

function spec(
  marks: readonly Mark[],
  { key, title, digits, axisDigits }: QualityMetric,
  others: PaperCosts["others"],
  narrow: boolean,
): Spec {
  const values = marks.map((mark) => ({
    name: mark.model,
    macs: mark.macs / 1e9,
    quality: mark[key],
    color: mark.color,
    read: `${mark.model}, published; ${title} ${mark[key].toFixed(digits)}; ${(mark.macs / 1e9).toFixed(2)} GMACs`,
  }));
  const costs = [...values.map(({ macs }) => macs), ...others.map(({ macs }) => macs / 1e9)];
  const domain = [10 ** Math.floor(Math.log10(Math.min(...costs))), Math.max(...costs) * (narrow ? 3.4 : 2.2)];
  const x = {
    field: "macs",
    type: "quantitative",
    scale: { type: "log", domain, nice: false },
    axis: { grid: false, values: decades(domain) },
    title: "GMACs of the encoder at 128×128",
  };
  const y = {
    field: "quality",
    type: "quantitative",
    scale: { zero: false, padding: 18 },
    axis: { format: `.${axisDigits}f`, tickCount: 4 },
    title: null,
  };
  const label = { type: "text", align: "left", dx: 9, aria: false, fontSize: 12 };
  const text = { x, y, text: { field: "name", type: "nominal" } };
  return {
    height: 230,
    data: { values },
    layer: [
      ...(others.length === 0
        ? []
        : [
            {
              data: { values: others.map(({ model, macs }) => ({ macs: macs / 1e9, name: model })) },
              mark: { type: "rule", strokeDash: [3, 3], color: "var(--muted)", aria: false },
              encoding: { x },
            },
            {
              data: { values: others.map(({ model, macs }) => ({ macs: macs / 1e9, name: model })) },
              mark: { type: "text", align: "left", baseline: "top", dx: 4, color: "var(--muted)", aria: false },
              encoding: { x, y: { value: 0 }, text: { field: "name", type: "nominal" } },
            },
          ]),
      {
        mark: { type: "point", size: 90 },
        encoding: {
          x,
          y,
          color: { field: "color", type: "nominal", scale: null },
          description: { field: "read", type: "nominal" },
        },
      },
      { mark: { ...label, stroke: "var(--surface)", strokeWidth: 6, strokeJoin: "round" }, encoding: text },
      { mark: label, encoding: text },
    ],
  };
}

/** 1, 2, 5, 10, 20, … within the domain. */
function decades([low = 1, high = 1]: readonly number[]): readonly number[] {
  const powers = Array.from({ length: 12 }, (_, i) => 10 ** (i - 3));
  return powers.flatMap((power) => [power, 2 * power, 5 * power]).filter((value) => value >= low && value <= high);
}
