/** The graph of modules, a level inside a level: each block is a fold with its drawing and the blocks inside. */
import type { Bindings } from "../../../ir/dim.ts";
import type { Block, CallNode, Graph, Part, Value } from "../../../ir/model.ts";
import { evaluateShape } from "../../../ir/shape.ts";
import type { ModuleCounts, PartCounts } from "../../count.ts";
import { compact, integer, shapeText } from "../../numbers.ts";
import { markup, type Markup } from "../markup.ts";
import type { Compared } from "./compared.ts";
import { graphDrawing, type DrawnEdge, type DrawnNode } from "./layout.ts";
import { macs, params, readable } from "./metrics.ts";
import { withoutPrefix } from "./shares.ts";

/** What is drawn so far: the place of each drawing by everything that is in it, so that equal blocks are drawn once in a page. */
type Drawn = Map<string, { readonly id: string; readonly path: string }>;

export function moduleGraphs(models: readonly Compared[]): Markup {
  const drawn: Drawn = new Map();
  return markup`<div class="graphs">
${models.map((compared, i) => modelFold(compared, i, drawn))}</div>
`;
}

function modelFold({ model, counts }: Compared, index: number, drawn: Drawn): Markup {
  const parts = model.parts.flatMap((part) => {
    const counted = counts.parts[part.name];
    if (counted === undefined || counted === null) return [];
    return [
      partFold(part, counted, new Drawer(counts.model, `m${index}-`, { N: 1, H: counts.size, W: counts.size }, counted, drawn)),
    ];
  });
  return markup`<details class="panel fold"${index === 0 && markup` open`}><summary><h3>${counts.model}</h3></summary><div class="folds">
${parts}</div></details>
`;
}

function partFold(part: Part, counts: PartCounts, drawer: Drawer): Markup {
  const [only, ...others] = part.graph.nodes;
  const { graph, path } =
    only?.kind === "call" && others.length === 0 && only.block.path === part.name
      ? { graph: only.body, path: part.name }
      : { graph: part.graph, path: "" };
  return drawer.fold({ path, title: part.name, kind: "", counts, names: part, graph });
}

interface Level {
  readonly path: string;
  readonly title: string;
  readonly kind: string;
  readonly counts: Pick<ModuleCounts, "params" | "macs">;
  /** What inputs and outputs are called, where they have names. */
  readonly names?: { readonly inputNames: readonly string[]; readonly outputNames: readonly string[] };
  readonly graph: Graph;
}

class Drawer {
  private readonly model: string;
  private readonly prefix: string;
  private readonly bindings: Bindings;
  private readonly modules: ReadonlyMap<string, ModuleCounts>;
  private readonly drawn: Drawn;

  constructor(model: string, prefix: string, bindings: Bindings, part: PartCounts, drawn: Drawn) {
    this.model = model;
    this.prefix = prefix;
    this.bindings = bindings;
    this.modules = new Map(below(part.modules).map((module) => [module.path, module]));
    this.drawn = drawn;
  }

  fold(level: Level): Markup {
    const { path, title, kind, counts, graph } = level;
    const id = this.idOf(path, title);
    const shapes = graph.outputs.map((value) => this.shape(value)).join(", ");
    const summary = markup`<summary><span class="fold-name"><code>${title}</code>${kind !== "" && markup` <span>${kind}</span>`}</span> <span class="fold-figures">${shapes} · ${readable(counts.params, params)} parameters · ${readable(counts.macs, macs)}</span></summary>`;
    const key = this.structure(level);
    const same = this.drawn.get(key);
    if (same !== undefined)
      return markup`<details class="fold-level" id="${id}">${summary}<p class="same">The same modules, shapes and figures as <a href="#${same.id}"><code>${same.path}</code></a>.</p></details>
`;
    this.drawn.set(key, { id, path: `${this.model}: ${path === "" ? title : path}` });
    const calls = firstCalls(graph);
    const inner = calls.map((call) => this.fold(this.levelOf(call, path)));
    const drawing = this.drawing(level);
    return markup`<details class="fold-level" id="${id}">${summary}
<div class="drawing" tabindex="0" role="group" aria-label="Drawing of ${this.model}: ${path === "" ? title : path}">${drawing}</div>
${
  inner.length > 0 &&
  markup`<div class="folds">
${inner}</div>`
}</details>
`;
  }

  private levelOf(call: CallNode, within: string): Level {
    const { path, name } = call.block;
    const counts = this.modules.get(path) ?? { params: 0, macs: 0 };
    return { path, title: withoutPrefix(path, within), kind: name, counts, graph: call.body };
  }

  /** Everything that a fold shows, without the paths around it. */
  private structure(level: Level): string {
    const { nodes, edges } = this.parts(level);
    const inner = firstCalls(level.graph).map((call) => this.structure(this.levelOf(call, level.path)));
    const own = nodes.map(({ href: _, ...node }) => node);
    return JSON.stringify([own, edges, level.counts.params, level.counts.macs, inner]);
  }

  private drawing(level: Level): Markup {
    const { nodes, edges } = this.parts(level);
    return graphDrawing(nodes, edges, `${nodes.length} nodes and ${edges.length} edges`);
  }

  private parts({ path, graph, names }: Level): { readonly nodes: readonly DrawnNode[]; readonly edges: readonly DrawnEdge[] } {
    const nodes: DrawnNode[] = [];
    const edges: DrawnEdge[] = [];
    const madeBy = new Map<Value, string>();
    const told = new Set<Value>();
    const connect = (value: Value, to: string): void => {
      const from = madeBy.get(value);
      if (from === undefined) return;
      edges.push({ from, to, ...(told.has(value) ? {} : { label: this.shape(value) }) });
      told.add(value);
    };
    graph.inputs.forEach((value, i) => {
      const id = `in${i}`;
      nodes.push({ id, title: names?.inputNames[i] ?? (graph.inputs.length === 1 ? "input" : `input ${i + 1}`), style: "end" });
      madeBy.set(value, id);
    });
    graph.nodes.forEach((node, i) => {
      const id = `n${i}`;
      nodes.push({ id, ...this.node(node, path) });
      for (const value of node.inputs) connect(value, id);
      for (const value of node.outputs) madeBy.set(value, id);
    });
    graph.outputs.forEach((value, i) => {
      const id = `out${i}`;
      nodes.push({
        id,
        title: names?.outputNames[i] ?? (graph.outputs.length === 1 ? "output" : `output ${i + 1}`),
        style: "end",
      });
      connect(value, id);
    });
    return { nodes, edges };
  }

  private node(node: Graph["nodes"][number], within: string): Omit<DrawnNode, "id"> {
    const path = node.kind === "call" ? node.block.path : node.layer?.path;
    if (path === undefined) return { title: node.kind === "op" ? node.op.name : "", style: "function" };
    const weighs = this.modules.get(path)?.params ?? 0;
    const kind = node.kind === "call" ? node.block.name : node.op.name;
    const detail = weighs === 0 ? kind : `${kind} · ${weighs < 1e4 ? integer(weighs) : compact(weighs).trim()}`;
    const title = withoutPrefix(path, within);
    return node.kind === "call"
      ? { title, detail, style: "block", href: `#${this.idOf(path)}` }
      : { title, detail, style: "layer" };
  }

  private shape(value: Value): string {
    return shapeText(evaluateShape(value.shape, this.bindings).slice(1)).slice(1, -1).replaceAll(", ", "×");
  }

  /** A part that is more than one block has no path of its own, and blocks in it may be called like the part. */
  private idOf(path: string, part = ""): string {
    return `${this.prefix}${path === "" ? `part-${part}` : path}`;
  }
}

function below(modules: readonly ModuleCounts[]): readonly ModuleCounts[] {
  return modules.flatMap((module) => [module, ...below(module.children)]);
}

/** A block that is called twice is opened once. */
function firstCalls(graph: Graph): readonly CallNode[] {
  const seen = new Set<Block>();
  return graph.nodes.filter((node): node is CallNode => {
    if (node.kind !== "call" || seen.has(node.block)) return false;
    seen.add(node.block);
    return true;
  });
}
