/** One level of a model's graph as SVG: nodes and edges laid out by dagre when the page is written. */
import { must } from "../../../errors/must.ts";
import * as dagre from "@dagrejs/dagre";
import { markup, type Markup } from "../markup.ts";

/** What is used of dagre. Its own types name files without their endings, which Node's resolution does not find. */
interface LayoutGraph {
  setGraph(options: object): void;
  setNode(id: string, size: object): void;
  setEdge(from: string, to: string, options: object, name: string): void;
  node(id: string): Place;
  edge(from: string, to: string, name: string): Route;
}

const { Graph, layout } = dagre as unknown as {
  readonly Graph: new (options: object) => LayoutGraph;
  layout(graph: LayoutGraph): void;
};

export interface DrawnNode {
  /** Unique among the nodes of one drawing. */
  readonly id: string;
  readonly title: string;
  /** The line below; absent for a function, which is drawn smaller. */
  readonly detail?: string;
  readonly style: "end" | "function" | "layer" | "block";
  /** What a press leads to. */
  readonly href?: string;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** The shape that flows; written once for a value that goes to several nodes. */
  readonly label?: string;
}

// Letters at 12 and 11 pixels, a little wider than those of any system font.
const [titleLetter, detailLetter] = [7.2, 6.5];

function sizeOf({ title, detail }: DrawnNode): { readonly width: number; readonly height: number } {
  const width = Math.max(title.length * titleLetter, (detail?.length ?? 0) * detailLetter) + 24;
  return { width: Math.max(56, Math.round(width)), height: detail === undefined ? 26 : 42 };
}

/** `label` says to those who hear it what is drawn. */
export function graphDrawing(nodes: readonly DrawnNode[], edges: readonly DrawnEdge[], label: string): Markup {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 26, ranksep: 16, edgesep: 12, marginx: 2, marginy: 2 });
  for (const node of nodes) graph.setNode(node.id, sizeOf(node));
  // What runs one after the other stays in line; what skips bends around it.
  const follows = new Map(nodes.map(({ id }, i) => [id, nodes[i + 1]?.id]));
  edges.forEach(({ from, to, label: text }, i) => {
    const width = text === undefined ? 0 : text.length * detailLetter + 6;
    graph.setEdge(
      from,
      to,
      { width, height: text === undefined ? 0 : 16, labelpos: "c", weight: follows.get(from) === to ? 10 : 1 },
      String(i),
    );
  });
  layout(graph);
  const routes = edges.map(({ from, to }, i) => graph.edge(from, to, String(i)));
  const places = nodes.map(({ id }) => graph.node(id));
  const lines = routes.map((route) => markup`<path d="${pathThrough(route.points)}"/>`);
  const captions = edges.map(({ label: text }, i) => {
    const { x, y } = must(routes[i], "the way of an edge");
    return (
      text !== undefined &&
      x !== undefined &&
      y !== undefined &&
      markup`<text class="shape" x="${at(x)}" y="${at(y + 4)}">${text}</text>`
    );
  });
  const boxes = nodes.map((node, i) => box(node, places[i] as Place));
  const { left, top, width, height } = boundsOf(places, routes);
  return markup`<svg class="graph" role="group" aria-label="${label}" width="${width}" height="${height}" viewBox="${left} ${top} ${width} ${height}">${lines}${captions}${boxes}</svg>`;
}

/** Around everything: dagre's own bounds leave out lines that pass beside the nodes. */
function boundsOf(
  places: readonly Place[],
  routes: readonly Route[],
): { left: number; top: number; width: number; height: number } {
  const boxes = [
    ...places,
    ...routes.flatMap(({ points, x, y, width = 0, height = 0 }) => [
      ...points.map((point) => ({ ...point, width: 0, height: 0 })),
      ...(x === undefined || y === undefined ? [] : [{ x, y, width, height }]),
    ]),
  ];
  const margin = 3;
  const left = Math.floor(Math.min(...boxes.map(({ x, width }) => x - width / 2)) - margin);
  const top = Math.floor(Math.min(...boxes.map(({ y, height }) => y - height / 2)) - margin);
  const width = Math.ceil(Math.max(...boxes.map(({ x, width: w }) => x + w / 2)) + margin) - left;
  const height = Math.ceil(Math.max(...boxes.map(({ y, height: h }) => y + h / 2)) + margin) - top;
  return { left, top, width, height };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Place extends Point {
  readonly width: number;
  readonly height: number;
}

interface Route {
  readonly points: readonly Point[];
  /** The middle of the label and its extent. */
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
}

function at(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}

/** A line that bends softly through the points. */
function pathThrough(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return "";
  const last = others.at(-1) ?? first;
  const bends = others.slice(0, -1).map((point, i) => {
    const next = others[i + 1] ?? point;
    return `Q${at(point.x)} ${at(point.y)} ${at((point.x + next.x) / 2)} ${at((point.y + next.y) / 2)}`;
  });
  return `M${at(first.x)} ${at(first.y)}${bends.join("")}L${at(last.x)} ${at(last.y)}${arrowhead(points.at(-2) ?? first, last)}`;
}

/** Two strokes that end at `to`. */
function arrowhead(from: Point, to: Point): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [x, y] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const stroke = (side: number): string => `${at(to.x - 6 * x + side * y)} ${at(to.y - 6 * y - side * x)}`;
  return `M${stroke(3.5)}L${at(to.x)} ${at(to.y)}L${stroke(-3.5)}`;
}

function box({ title, detail, style, href }: DrawnNode, { x, y, width, height }: Place): Markup {
  const radius = style === "function" || style === "end" ? height / 2 : 6;
  const inner = markup`<rect x="${at(x - width / 2)}" y="${at(y - height / 2)}" width="${width}" height="${height}" rx="${radius}"/><text x="${at(x)}" y="${at(y + (detail === undefined ? 4 : -3))}">${title}</text>${detail !== undefined && markup`<text class="detail" x="${at(x)}" y="${at(y + 13)}">${detail}</text>`}`;
  return href === undefined ? markup`<g class="${style}">${inner}</g>` : markup`<a href="${href}" class="${style}">${inner}</a>`;
}
