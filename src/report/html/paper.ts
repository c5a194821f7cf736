/** The paper's published figures, in sections of their own: no table and no series holds one of them beside a measured number. */
import { paper, type PublishedQuality } from "../../paper/figures.ts";
import { seriesColor } from "./chart-config.ts";
import { chart, figureGrid, type Spec } from "./chart.ts";
import { labelPlaces, labelRows, places } from "./label-places.ts";
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

/** A chart per metric: what the paper's encoders cost, and how well their images come back. */
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

const height = 230;

function spec(
  marks: readonly Mark[],
  { key, title, digits, axisDigits }: QualityMetric,
  others: PaperCosts["others"],
  narrow: boolean,
): Spec {
  const costs = [...marks, ...others].map(({ macs }) => macs / 1e9);
  const [low, high] = [10 ** Math.floor(Math.log10(Math.min(...costs))), Math.max(...costs) * (narrow ? 3 : 2)];
  const figures = marks.map((mark) => mark[key]);
  const margin = 0.15 * (Math.max(...figures) - Math.min(...figures));
  const [bottom, top] = [Math.min(...figures) - margin, Math.max(...figures) + margin];
  // What the axis leaves of the drawing.
  const width = (narrow ? 340 : 480) - 48;
  const across = (cost: number): number => (width * Math.log(cost / 1e9 / low)) / Math.log(high / low);
  const spots = marks.map((mark) => ({
    x: across(mark.macs),
    y: (height * (top - mark[key])) / (top - bottom),
    label: mark.model,
  }));
  const placed = labelPlaces(spots, width);
  const values = marks.map((mark, i) => ({
    name: mark.model,
    macs: mark.macs / 1e9,
    quality: mark[key],
    color: mark.color,
    place: placed[i],
    read: `${mark.model}, published; ${title} ${mark[key].toFixed(digits)}; ${(mark.macs / 1e9).toFixed(2)} GMACs`,
  }));
  const x = {
    field: "macs",
    type: "quantitative",
    scale: { type: "log", domain: [low, high], nice: false },
    axis: { grid: false, values: decades(low, high), labelOverlap: false, format: ",~r" },
    title: "GMACs of the encoder at 128×128",
  };
  const y = {
    field: "quality",
    type: "quantitative",
    scale: { domain: [bottom, top], nice: false },
    axis: { format: `.${axisDigits}f`, tickCount: 4 },
    title: null,
  };
  const color = { field: "color", type: "nominal", scale: null };
  const labels = (rim: Spec): readonly Spec[] =>
    places.map((place, i) => ({
      transform: [{ filter: `datum.place === ${i}` }],
      mark: { type: "text", ...place, aria: false, ...rim },
      encoding: { x, y, text: { field: "name", type: "nominal" } },
    }));
  return {
    height,
    data: { values },
    layer: [
      ...costLines(others, x, across),
      ...labels({ stroke: "var(--surface)", strokeWidth: 6, strokeJoin: "round" }),
      { mark: { type: "point", size: 90 }, encoding: { x, y, color, description: { field: "read", type: "nominal" } } },
      ...labels({}),
    ],
  };
}

/** Where the reader's models stand in cost: lines, since their quality is not known here. */
function costLines(others: PaperCosts["others"], x: Spec, across: (macs: number) => number): readonly Spec[] {
  if (others.length === 0) return [];
  const limit = 120;
  const rows = labelRows(others.map(({ model, macs }) => ({ x: across(macs), width: Math.min(limit, 7 * model.length) })));
  const data = { values: others.map(({ model, macs }, i) => ({ macs: macs / 1e9, name: model, row: rows[i] })) };
  const y = { value: { expr: "-15 * datum.row" } };
  const color = "var(--muted)";
  return [
    { data, mark: { type: "rule", strokeDash: [3, 3], color, aria: false }, encoding: { x, y, y2: { value: height } } },
    {
      data,
      mark: { type: "text", align: "left", baseline: "bottom", dx: 3, dy: -4, limit, color, aria: false },
      encoding: { x, y, text: { field: "name", type: "nominal" } },
    },
  ];
}

/** 1, 2, 5, 10, 20, … between the two; powers of ten alone where they lie far apart. */
function decades(low: number, high: number): readonly number[] {
  const steps = high / low > 200 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: 14 }, (_, i) => 10 ** (i - 5));
  return powers.flatMap((power) => steps.map((step) => step * power)).filter((value) => value >= low * 0.999 && value <= high);
}
