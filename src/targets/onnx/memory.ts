/**
 * The memory that onnxruntime's planner gives to the values of a graph. It runs nodes by a depth-first search from the graph's end; a value whose shape it knows
 * before it sees an image takes the place of a dead one of the same shape, which stays allocated in between; other values are freed after their last use.
 * Counted are the nodes that become of the graph (kernels.ts), copies into and out of the layout of convolutions (blocked.ts) and the large ones of the tensors that kernels
 * make for themselves. The arena and small work of kernels are not in it.
 */
import { InternalError, must } from "../../errors/must.ts";
import type { Bindings } from "../../ir/dim.ts";
import type { Part } from "../../ir/model.ts";
import { elementCount } from "../../ir/shape.ts";
import { runPasses } from "../../passes/index.ts";
import { audiences } from "./audience.ts";
import { blocked, paddedChannels } from "./blocked.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";
import { optimized, usesOf, workspace } from "./kernels.ts";
import { lowerPart } from "./lower.ts";
import { calculatesSides, views } from "./operators.ts";
import type { Sizes } from "./sizes.ts";
import { onnxOptions, onnxPasses } from "./options.ts";
import { shapesOf } from "./shapes.ts";
import { typesOf } from "./types.ts";

/** Bytes for a batch of one in float32. */
export interface GraphMemory {
  /** The most that is allocated at a time, inputs and outputs included. */
  readonly peak: number;
  /** The largest value; weights are none. */
  readonly largest: number;
  /** The most that is allocated while a node of a module runs, by its path; of the modules that have nodes. */
  readonly byModule: ReadonlyMap<string, number>;
}

/** A stretch of memory: the value that it is allocated for, and the first and the last step at which it is there. */
interface Buffer {
  readonly value: string;
  readonly from: number;
  until: number;
  /** Uses that are still to come. */
  uses: number;
}

interface Plan {
  readonly graph: OnnxGraph;
  readonly order: readonly OnnxNode[];
  readonly buffers: readonly Buffer[];
  /** Of values that the graph does not have, those of it that they are like; of those in blocks of channels, which are larger. */
  readonly likeOf: ReadonlyMap<string, string>;
  readonly inBlocks: ReadonlySet<string>;
}

type Shapes = ReadonlyMap<string, Sizes>;

/** A side at two image sizes. */
interface Side {
  readonly size: number | undefined;
  readonly other: number | undefined;
}

const unknownSide: Side = { size: undefined, other: undefined };

/** Parts never change, and are counted at several sizes. */
const plans = new WeakMap<Part, Plan | undefined>();
const bytesPer = { float32: 4, float16: 2, int64: 8 } as const;

/**
 * Memory of the graph that a part is compiled to by default; undefined where it has no form in ONNX, or where an author's own op has values whose sizes
 * no rule of ours gives.
 */
export function partMemory(part: Part, bindings: Bindings): GraphMemory | undefined {
  if (!plans.has(part)) plans.set(part, planPart(part));
  const plan = plans.get(part);
  return plan && memoryOf(plan, bindings);
}

function planPart(part: Part): Plan | undefined {
  const flat = runPasses(part, onnxPasses);
  if (flat.graph.nodes.some((node) => node.kind === "op" && node.op.torchOnly !== undefined)) return undefined;
  const unweighted = (): never => {
    throw new InternalError("counting has no weights");
  };
  const options = onnxOptions.parse({});
  const graph = lowerPart(flat, unweighted, options.opset, audiences[options.for]);
  const samples = must(graph.samples, `an image that fits the ${part.name}`);
  const own = flat.graph.nodes.some((node) => node.kind === "op" && node.op.own !== undefined);
  const shapes = shapesOf(graph, samples[0]);
  const known = graph.nodes.every(({ outputs }) => outputs.every((name) => name === "" || shapes.has(name)));
  if (own && !known) return undefined;
  return planGraph(graph, samples);
}

function memoryOf({ graph, order, buffers, likeOf, inBlocks }: Plan, bindings: Bindings): GraphMemory {
  const shapes = shapesOf(graph, bindings);
  const types = typesOf(graph);
  const valueOf = (value: string): string => likeOf.get(value) ?? value;
  const shapeOf = (value: string): Sizes => {
    const shape = must(shapes.get(valueOf(value)), `the shape of ${value}`);
    return inBlocks.has(value) ? padded(shape) : shape;
  };
  const bytesOf = (value: string): number =>
    elementCount(shapeOf(value)) * bytesPer[must(types.get(valueOf(value)), `the type of ${value}`)];
  const change = new Array<number>(order.length + 1).fill(0);
  const add = (step: number, bytes: number): void => void (change[step] = (change[step] as number) + bytes);
  const sizes = buffers.map(({ value }) => bytesOf(value));
  buffers.forEach(({ from, until }, i) => {
    add(from, sizes[i] as number);
    add(until + 1, -(sizes[i] as number));
  });
  const byModule = new Map<string, number>();
  let live = 0;
  let peak = 0;
  order.forEach((node, step) => {
    live += change[step] as number;
    const held = live + bytesPer.float32 * workspace(node, shapeOf);
    peak = Math.max(peak, held);
    if (node.module !== undefined) byModule.set(node.module, Math.max(held, byModule.get(node.module) ?? 0));
  });
  const values = [...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)];
  return { peak, largest: Math.max(...values.map(bytesOf)), byModule };
}

/** A plan holds for every size: it is made from two that share no side. */
function planGraph(graph: OnnxGraph, [size, other]: readonly [Bindings, Bindings]): Plan {
  const shapes = shapesOf(graph, size);
  const known = knownShapes(graph, shapes, shapesOf(graph, other));
  const { nodes: fewer, likeOf } = optimized(graph);
  const shapeOf = (value: string): Sizes => must(shapes.get(likeOf.get(value) ?? value), `the shape of ${value}`);
  const keyOf = (value: string): string | undefined => known.get(value)?.join();
  const same = (a: string, b: string): boolean => keyOf(a) !== undefined && keyOf(a) === keyOf(b);
  const { nodes, plainOf } = blocked(fewer, executionOrder(fewer), graph, shapeOf, same);
  const shapeKeys = new Map([...known].map(([value, shape]) => [value, shape.join()]));
  for (const [name, value] of [...likeOf, ...plainOf]) {
    const shape = known.get(value);
    if (shape !== undefined) shapeKeys.set(name, (plainOf.has(name) ? padded(shape) : shape).join());
  }
  const order = executionOrder(nodes);
  const kept = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const uses = usesOf(order);
  const buffers: Buffer[] = [];
  const bufferOf = new Map<string, Buffer>();
  const allocate = (value: string, from: number): void => {
    // What the caller gave and gets is held to the end.
    const buffer = { value, from, until: kept.has(value) ? order.length - 1 : from, uses: kept.has(value) ? Infinity : 0 };
    buffers.push(buffer);
    bufferOf.set(value, buffer);
  };
  const free = new Map<string, Buffer[]>();
  const found = (node: OnnxNode, value: string): Buffer | undefined => {
    if (kept.has(value)) return undefined;
    const [input] = node.inputs;
    if (views.has(node.type)) return input === undefined ? undefined : bufferOf.get(input);
    const key = shapeKeys.get(value);
    return key === undefined ? undefined : free.get(key)?.pop();
  };
  for (const { name } of graph.inputs) allocate(name, 0);
  order.forEach((node, step) => {
    for (const value of node.outputs) {
      const buffer = found(node, value);
      if (buffer === undefined) allocate(value, step);
      const owner = must(buffer ?? bufferOf.get(value), `the memory of ${value}`);
      bufferOf.set(value, owner);
      owner.until = Math.max(owner.until, step);
      owner.uses += uses.get(value) ?? 0;
    }
    for (const input of node.inputs) {
      const buffer = bufferOf.get(input);
      if (buffer === undefined) continue;
      buffer.until = Math.max(buffer.until, step);
      buffer.uses--;
      const key = shapeKeys.get(buffer.value);
      if (buffer.uses > 0 || key === undefined) continue;
      const others = free.get(key);
      if (others === undefined) free.set(key, [buffer]);
      else others.push(buffer);
    }
  });
  return { graph, order, buffers, likeOf: new Map([...likeOf, ...plainOf]), inBlocks: new Set(plainOf.keys()) };
}

/** The shape of a map whose channels are in blocks. */
function padded(shape: Sizes): Sizes {
  return shape.with(1, paddedChannels(must(shape[1], "channels")));
}

/** Depth first from the nodes that no other uses, the last of them and of every node's sources first. */
function executionOrder(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const places = new Map(nodes.map((node, i) => [node, i]));
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const sourcesOf = (node: OnnxNode): readonly OnnxNode[] =>
    [...new Set(node.inputs.flatMap((input) => makers.get(input) ?? []))].sort(
      (a, b) => (places.get(a) as number) - (places.get(b) as number),
    );
  const used = new Set(nodes.flatMap(sourcesOf));
  const order: OnnxNode[] = [];
  const seen = new Set<OnnxNode>();
  const stack = nodes.filter((node) => !used.has(node)).map((node) => ({ node, entered: false }));
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, entered } = top;
    if (entered) order.push(node);
    else if (!seen.has(node)) {
      seen.add(node);
      stack.push({ node, entered: true }, ...sourcesOf(node).map((source) => ({ node: source, entered: false })));
    }
  }
  return order;
}

/**
 * What tells whether two values have one shape, of those whose every side is known before there is an image: a side that is declared, a constant, or that of an
 * operand, which operators hand on unless they calculate with it. Constants are the sides that do not change from one image size to the other.
 */
function knownShapes(graph: OnnxGraph, sizes: Shapes, otherSizes: Shapes): ReadonlyMap<string, Sizes> {
  const sidesOf = (value: string): readonly Side[] => {
    const others = must(otherSizes.get(value), `the shape of ${value}`);
    return must(sizes.get(value), `the shape of ${value}`).map((size, axis) => ({ size, other: others[axis] }));
  };
  const declared = [...graph.inputs, ...graph.initializers, ...graph.outputs].map(({ name }) => name);
  const known = new Map(declared.map((value) => [value, sidesOf(value)]));
  const ints = new Map(graph.initializers.filter(({ dtype }) => dtype === "int64").map((one) => [one.name, one]));
  const calculated = ({ type, inputs }: OnnxNode, axis: number): boolean => {
    if (type !== "Reshape") return axis > 1 && calculatesSides.has(type);
    const wanted = ints.get(must(inputs[1], "the shape that Reshape is given"));
    return wanted === undefined || new BigInt64Array(wanted.load().slice().buffer)[axis] === -1n;
  };
  for (const node of graph.nodes) {
    const given = node.inputs.flatMap((input) => known.get(input) ?? []);
    for (const value of node.outputs) {
      if (known.has(value)) continue;
      const follows = ({ size, other }: Side, axis: number): boolean =>
        size === other || (!calculated(node, axis) && given.some((side) => side.size === size && side.other === other));
      known.set(
        value,
        sidesOf(value).map((side, axis) => (follows(side, axis) ? side : unknownSide)),
      );
    }
  }
  const whole = [...known].filter(([, sides]) => !sides.includes(unknownSide));
  return new Map(whole.map(([value, sides]) => [value, sides.map(({ size }) => must(size, "a known side"))]));
}
