/** Charts: Vega-Lite specifications drawn as SVG when the page is written, so that the page needs no charting code. */
import type { LoggerInterface } from "vega";
import type { TopLevelSpec } from "vega-lite";
import { chartConfig } from "./chart-config.ts";
import { markup, trusted, type Content, type Markup } from "./markup.ts";
import { sortableTable, type TableColumn } from "./table.ts";

/** Vega-Lite's own types refuse much that its documentation has; the compiler's warnings are errors here instead. */
export type Spec = Readonly<Record<string, unknown>>;

export interface Chart<Row> {
  readonly title: string;
  /** What is drawn, in which unit, and what to see in it. */
  readonly note?: Content;
  /** Half of the page's width beside another, or all of it. */
  readonly size?: "half" | "full";
  /** The specification for a drawing that is `narrow` on phones; it is asked for both. */
  readonly spec: (narrow: boolean) => Spec;
  /** The same values for those who read. */
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
}

/** Widths of the whole drawing, in CSS pixels; page.css says where one gives way to the other. */
const widths = { half: 480, full: 940, narrow: 340 } as const;

/** A figure with its caption, the drawing in both widths, and its data as a table. */
export async function figure<Row>({ title, note, size = "full", spec, columns, rows }: Chart<Row>): Promise<Markup> {
  const wide = await drawing(spec(false), widths[size]);
  const narrow = await drawing(spec(true), widths.narrow);
  return markup`<figure class="chart">
<figcaption><h3>${title}</h3>${note !== undefined && markup`<p>${note}</p>`}</figcaption>
<div class="plots plots-${size}" role="group" tabindex="0" aria-label="Chart: ${title}. Arrow keys read its values."><div class="plot plot-wide">${wide}</div><div class="plot plot-narrow">${narrow}</div></div>
<details class="data"><summary>Data<span class="unseen"> of ${title}</span></summary>${sortableTable({ caption: title, columns, rows })}</details>
</figure>
`;
}

/** A chart of any kind of row, to be drawn with others. */
export type AnyFigure = (size: "half" | "full") => Promise<Markup>;

/** A chart that takes its width from the grid it is in. */
export function chart<Row>(settings: Omit<Chart<Row>, "size">): AnyFigure {
  return (size) => figure({ ...settings, size });
}

/** Figures in two columns; the last of an odd number has both. */
export async function figureGrid(charts: readonly AnyFigure[]): Promise<Markup> {
  const figures: Markup[] = [];
  for (const [i, draw] of charts.entries()) figures.push(await draw(i === charts.length - 1 && i % 2 === 0 ? "full" : "half"));
  return markup`<div class="grid grid-two">${figures}</div>
`;
}

async function drawing(spec: Spec, width: number): Promise<Markup> {
  // Only pages with charts pay for loading them.
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const full: unknown = { ...spec, width, autosize: { type: "fit-x", contains: "padding" }, padding: 0, background: null };
  const { spec: compiled } = compile(full as TopLevelSpec, { config: chartConfig, logger: strict(vega.logger()) });
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return trusted(compact(svg));
}

/** A specification that Vega-Lite has doubts about is a bug in litevae. */
function strict(logger: LoggerInterface): LoggerInterface {
  return Object.assign(logger, {
    warn: (...doubts: readonly unknown[]): never => {
      throw new Error(`a chart's specification is doubtful: ${doubts.join(" ")}`);
    },
  });
}

/** Vega's SVG without what draws nothing, coordinates to a hundredth of a pixel. */
function compact(svg: string): string {
  return svg
    .replace(/<path class="(?:background|foreground)"[^>]*?\/>/g, (path) =>
      / d="[^"]*[1-9]/.test(path) && / (?:fill|stroke)=/.test(path) ? path : "",
    )
    .replace(/ (?:xmlns|xmlns:xlink|version|aria-roledescription|pointer-events)="[^"]*"/g, "")
    .replace(/(<g class="[^"]*") role="graphics-symbol"(\/?>)/g, "$1$2")
    .replace(/ role="graphics-object"| opacity="1"| font-family="[^"]*"/g, "")
    .replace(/ (?:d|transform|x|y|x2|y2|width|height)="[^"]*"/g, (attribute) =>
      attribute.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100)),
    );
}
