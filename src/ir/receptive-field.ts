/** How far the outputs of a part look into its inputs, and which of its modules look at all of them. */
import { must } from "../errors/must.ts";
import type { Dim } from "./dim.ts";
import type { CallNode, Graph, OpNode, Part, Value } from "./model.ts";
import { inputsOf, type Attrs, type Op } from "./op.ts";
import { reachOf, seen, type Range, type Spans } from "./reach.ts";
import { sameShape } from "./shape.ts";
import { fittingSizes } from "./size.ts";

/** Pixels of the image that are read before and after those over which the outputs lie. */
export interface Margin {
  /** Above, or to the left. */
  readonly before: number;
  /** Below, or to the right. */
  readonly after: number;
}

/** A module, or a function in one, of which every position depends on the whole image. */
export interface SeesAll {
  /** The path of the layer, or of the block that calls the function. */
  readonly module: string;
  /** Its op. */
  readonly op: string;
  /** Its op says so; otherwise it says nothing. */
  readonly declared: boolean;
}

export interface ReceptiveField {
  /** Along the height. */
  readonly height: Margin;
  /** Along the width. */
  readonly width: Margin;
  /** What cuts no part exactly, however much its tiles overlap; in the order in which it runs. */
  readonly seesAll: readonly SeesAll[];
}

/** Pixels before and after those over which outputs lie, along both sides, and in words what sees the whole image. */
export interface PartReach extends Pick<ReceptiveField, "height" | "width"> {
  /** What cuts no part exactly: every op, with the modules where it is. */
  readonly sees_all: readonly string[];
}

/** Of the parts that an image's sides are open in, by name. */
export function reachesOf(parts: readonly Part[]): Readonly<Record<string, PartReach>> {
  const reaches = parts.flatMap((part) => {
    const field = receptiveFieldOf(part);
    if (field === undefined) return [];
    const { height, width, seesAll } = field;
    return [[part.name, { height, width, sees_all: sightsOf(seesAll) }] as const];
  });
  return Object.fromEntries(reaches);
}

/** Every op that sees all, with the modules where it does: how many, the first and the last. */
export function sightsOf(seesAll: readonly SeesAll[]): readonly string[] {
  const modules = new Map<string, string[]>();
  for (const { module, op } of seesAll) modules.set(op, [...(modules.get(op) ?? []), module]);
  return [...modules].map(([op, paths]) => {
    const [first, last] = [paths[0], paths.at(-1)];
    if (first === last) return `${paths.length === 1 ? "" : `${paths.length} `}${op} in ${first}`;
    return `${paths.length} ${op}, from ${first} to ${last}`;
  });
}

const known = new WeakMap<Part, { readonly field: ReceptiveField | undefined }>();

/** Undefined for a part of no image sizes, or of one. Walked once: config.json, the package and the client all say it. */
export function receptiveFieldOf(part: Part): ReceptiveField | undefined {
  const { field } = known.get(part) ?? { field: walked(part) };
  known.set(part, { field });
  return field;
}

function walked(part: Part): ReceptiveField | undefined {
  const { graph } = part;
  const [height, width] = [fittingSizes([part], "H"), fittingSizes([part], "W")];
  if (height === undefined || width === undefined || !graph.inputs.some(isCut)) return undefined;
  const steps = { height: height.step, width: width.step };
  const found: Found = { seesAll: new Map(), margins: [] };
  const area = ({ shape }: Sized): Area => ({ height: own(shape[2], steps.height), width: own(shape[3], steps.width) });
  const wanted = graph.outputs.map((value): Wanted => (isMap(value) ? area(value) : "no map"));
  traced(stepsIn(graph), wanted, { ...found, steps });
  return {
    height: largest(found.margins.map((each) => each.height)),
    width: largest(found.margins.map((each) => each.width)),
    seesAll: [...found.seesAll.values()].flatMap((there) => [...there.values()]).reverse(),
  };
}

/** What a step of the image gives of a side: the same, a step further, for the next, since it moves all positions between by whole numbers. */
function own(dim: Dim | undefined, step: number): Range {
  const { num, den } = must(dim, "a side");
  return { first: 0, last: (num * step) / den - 1 };
}

interface Found {
  readonly seesAll: Map<unknown, Map<string, SeesAll>>;
  /** Of every map on the way from the outputs to the inputs. */
  readonly margins: { readonly height: Margin; readonly width: Margin }[];
}

interface Trace extends Found {
  readonly steps: { readonly height: number; readonly width: number };
}

interface Area {
  readonly height: Range;
  readonly width: Range;
}

/** What is wanted of a value, if anything: positions of a map or of the tokens of one, or what has none. */
type Wanted = Area | "no map" | undefined;

/** As large as the image makes it. */
function isCut({ shape }: Sized): boolean {
  return shape.some(({ symbol }) => symbol !== null && symbol !== "N");
}

function isMap({ shape }: Sized): boolean {
  return shape[2]?.symbol === "H" && shape[3]?.symbol === "W";
}

/**
 * Pixels around a step that leave these positions of a side within the map that is made of them. A position between input and output that is beyond a
 * tile's map is not computed there, even where all that it is made of is read: what comes after takes it for the border.
 */
function marginOf({ first, last }: Range, dim: Dim | undefined, step: number): Margin {
  const { num, den, offset } = must(dim, "a side");
  return { before: Math.ceil((-first * den) / num), after: Math.ceil(((last + 1) * den - offset) / num) - step };
}

function largest(margins: readonly Margin[]): Margin {
  return {
    before: Math.max(0, ...margins.map(({ before }) => before)),
    after: Math.max(0, ...margins.map(({ after }) => after)),
  };
}

/** A graph, or the ops that one op is made of. */
interface Steps {
  readonly inputs: readonly Sized[];
  readonly nodes: readonly Step[];
  readonly outputs: readonly Sized[];
}

type Sized = Pick<Value, "shape">;

interface Step {
  readonly inputs: readonly Sized[];
  readonly outputs: readonly Sized[];
  /** What is read of its inputs, from what is wanted of its outputs. */
  read(results: readonly Wanted[], trace: Trace): readonly Wanted[];
}

/** What is read of the inputs, from what is wanted of the outputs. */
function traced({ inputs, nodes, outputs }: Steps, results: readonly Wanted[], trace: Trace): readonly Wanted[] {
  const wanted = new Map<Sized, Wanted>();
  const want = (value: Sized, more: Wanted): unknown => wanted.set(value, joined(wanted.get(value), more));
  outputs.forEach((value, i) => want(value, results[i]));
  for (const node of nodes.toReversed()) {
    const made = node.outputs.map((value) => wanted.get(value));
    if (made.every((result) => result === undefined)) continue;
    node.read(made, trace).forEach((read, i) => want(must(node.inputs[i], "an input"), read));
  }
  const { height, width } = trace.steps;
  for (const [{ shape }, area] of wanted)
    if (area !== undefined && area !== "no map" && isMap({ shape }))
      trace.margins.push({ height: marginOf(area.height, shape[2], height), width: marginOf(area.width, shape[3], width) });
  return inputs.map((value) => wanted.get(value));
}

function stepsIn({ inputs, nodes, outputs }: Graph): Steps {
  return { inputs, outputs, nodes: nodes.map((node) => (node.kind === "op" ? opStep(node, standing(node)) : callStep(node))) };
}

function callStep({ body, inputs, outputs }: CallNode): Step {
  return { inputs, outputs, read: (results, trace) => traced(stepsIn(body), results, trace) };
}

/** Where an op stands: a layer counts once however often it is applied, and a function wherever it is called. */
interface Standing {
  readonly module: string;
  readonly key: unknown;
}

function standing(node: OpNode): Standing {
  const { layer, scope } = node;
  return layer === undefined ? { module: scope, key: node } : { module: layer.path, key: layer.path };
}

type Use = Pick<OpNode, "op" | "attrs"> & Pick<Step, "inputs" | "outputs">;

function opStep({ op, attrs, inputs, outputs }: Use, at: Standing): Step {
  return { inputs, outputs, read: (results, trace) => readBy(op, attrs, { inputs, outputs, at }, results, trace) };
}

function readBy(
  op: Op,
  attrs: Attrs,
  { inputs, outputs, at }: Omit<Use, "op" | "attrs"> & { readonly at: Standing },
  results: readonly Wanted[],
  trace: Trace,
): readonly Wanted[] {
  if (op.fold !== undefined) {
    const folded = op.fold(attrs);
    return readBy(folded.op, folded.attrs, { inputs, outputs, at }, results, trace);
  }
  const shapes = inputsOf(
    op,
    inputs.map(({ shape }) => shape),
  );
  if (op.compose !== undefined) {
    const { steps, ...made } = op.compose(shapes, attrs);
    return traced({ ...made, nodes: steps.map((step) => opStep(step, at)) }, results, trace);
  }
  const declared = inputs.length === 0 ? [] : op.reach?.(attrs, shapes);
  const result = results.reduce(joined, undefined);
  return inputs.map((input, i) => {
    const reach = reachOf(declared, i);
    if (!isCut(input)) return "no map";
    if (reach === "place") return result;
    if (reach === "everything" || reach === undefined) {
      const there = trace.seesAll.get(at.key) ?? new Map<string, SeesAll>();
      trace.seesAll.set(at.key, there.set(op.name, { module: at.module, op: op.name, declared: reach !== undefined }));
      // What it makes of a position is made of the same one, too, where there is such a one.
      return outputs.some((output) => sameSides(input, output)) ? result : "no map";
    }
    return result === undefined || result === "no map" ? result : areaSeen(reach, result);
  });
}

function sameSides({ shape }: Sized, other: Sized): boolean {
  return sameShape(shape.slice(2), other.shape.slice(2));
}

function areaSeen({ height, width }: Spans, area: Area): Area {
  return { height: seen(height, area.height), width: seen(width, area.width) };
}

function joined(a: Wanted, b: Wanted): Wanted {
  if (a === undefined || b === undefined) return a ?? b;
  if (a === "no map" || b === "no map") return a === "no map" ? b : a;
  return { height: hull(a.height, b.height), width: hull(a.width, b.width) };
}

function hull(a: Range, b: Range): Range {
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}
