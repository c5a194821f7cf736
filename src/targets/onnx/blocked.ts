/**
 * The layout in which onnxruntime's convolutions on processors compute: channels in blocks of 16, as with AVX-512 (8 with AVX2, which pads less). What a
 * convolution or a pooling is given is copied into it, unless it comes from a node that gives it so, and copied out for nodes that read plain maps.
 * Read off the graphs that onnxruntime 1.32 optimizes; test/benchmark/test_memory.py holds what follows to what it takes.
 */
import { must } from "../../errors/must.ts";
import type { OnnxOperator } from "../../ir/onnx.ts";
import { intOf } from "./attributes.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";
import { inputOf, outputOf } from "./kernels.ts";
import { at, head, type Sizes } from "./sizes.ts";

const block = 16;
/** Copying in takes channels by four. */
const aligned = 4;

/** Computed within the convolution before them, where nothing else reads that. */
const joined: ReadonlySet<OnnxOperator> = new Set(["Clip", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Sigmoid", "Tanh"]);
/** Computed in either layout. */
const elementwise: ReadonlySet<OnnxOperator> = new Set(["HardSigmoid", "Relu", "Sigmoid", "Tanh"]);
const pools: ReadonlySet<OnnxOperator> = new Set(["AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool"]);

/** The channels for which a map in blocks has room. */
export function paddedChannels(channels: number): number {
  return Math.ceil(channels / block) * block;
}

export interface Blocked {
  /** By their numbers in onnxruntime: those that stay, those that are put in the place of others, copies out. */
  readonly nodes: readonly OnnxNode[];
  /** Of values that are in blocks, the values of the graph that they are. */
  readonly plainOf: ReadonlyMap<string, string>;
}

/** A map that a node gives in blocks. */
interface Given {
  readonly name: string;
  readonly channels: number;
  readonly node: OnnxNode;
  /** The value whose height and width it is known to have. */
  readonly sides: string;
}

/** `nodes` as they run, changed in `order`; `shapeOf` gives the shapes of the graph's values at some size, `same` tells whether two are known to have one shape at all sizes. */
export function blocked(
  nodes: readonly OnnxNode[],
  order: readonly OnnxNode[],
  { initializers, outputs: results }: Pick<OnnxGraph, "initializers" | "outputs">,
  shapeOf: (value: string) => Sizes,
  same: (a: string, b: string) => boolean,
): Blocked {
  const weights = new Map(initializers.map(({ name, dims }) => [name, dims]));
  const uses = new Map<string, number>();
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...results.map(({ name }) => name)])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  const given = new Map<string, Given>();
  const copies = new Map<string, string>();
  const plainOf = new Map<string, string>();
  const kept = new Map<OnnxNode, OnnxNode>();
  const replaced: OnnxNode[] = [];
  const named = (value: string, how: string): string => {
    const name = `${value} ${how}`;
    plainOf.set(name, value);
    return name;
  };
  /** The first input in blocks, copied where no node gives it so. */
  const entering = (node: OnnxNode, value: string): string => {
    const found = given.get(value)?.name ?? copies.get(value);
    if (found !== undefined) return found;
    const copy = named(value, "copied in blocks");
    copies.set(value, copy);
    replaced.push({ ...node, name: copy, type: "Transpose", inputs: [value], outputs: [copy], attrs: {} });
    return copy;
  };
  const give = (node: OnnxNode, inputs: readonly string[], sides: string, stays = false): void => {
    const output = outputOf(node);
    const name = named(output, "in blocks");
    const made = { ...node, inputs, outputs: [name] };
    if (stays) kept.set(node, made);
    else replaced.push(made);
    given.set(output, { name, channels: at(shapeOf(output), 1), node: made, sides });
  };
  /** Whether `value` comes of a convolution in blocks for one reader alone, which then computes the rest of what is read. */
  const join = (node: OnnxNode, value: string, added?: string): boolean => {
    const from = given.get(value);
    if (from?.node.type !== "Conv" || uses.get(value) !== 1) return false;
    // What takes in a sum may still take in an activation, but no second of its kind.
    if (from.node.inputs.length > 3) return false;
    replaced.splice(replaced.indexOf(from.node), 1);
    give(
      { ...from.node, outputs: node.outputs },
      added === undefined ? from.node.inputs : [...from.node.inputs, added],
      from.sides,
    );
    return true;
  };

  for (const node of order) {
    const first = inputOf(node, 0);
    const output = outputOf(node);
    const all = node.inputs.map((input) => given.get(input));
    const whole = all.length > 0 && all.every((each) => each !== undefined) ? all : undefined;
    const [from] = all;
    const { type } = node;
    const weight = type === "Conv" ? weights.get(inputOf(node, 1)) : undefined;
    if (weight !== undefined) {
      const entry = convolution(node, weight, shapeOf(first));
      if (entry === undefined) kept.set(node, node);
      else {
        const input = entry === "plain" ? first : entering(node, first);
        const sides = from !== undefined && shapeOf(first).slice(2).join() === shapeOf(output).slice(2).join();
        give(node, [input, ...node.inputs.slice(1)], sides ? from.sides : output);
      }
    } else if (pools.has(type) && (from !== undefined || !type.startsWith("Global")) && at(shapeOf(first), 1) % block === 0) {
      give(node, [entering(node, first)], output);
    } else if (from !== undefined && joined.has(type) && join(node, first)) continue;
    else if (from !== undefined && (elementwise.has(type) || (type === "Mul" && node.inputs.length === 1))) {
      give(node, [from.name], from.sides, true);
    } else if (from !== undefined && type === "Resize" && enlarges(node, weights)) {
      give(node, [from.name], output);
    } else if (whole !== undefined && (type === "Add" || type === "Mul") && one(whole.map(({ channels }) => channels))) {
      const equal = one(whole.map(({ sides }) => sides)) || node.inputs.every((input) => same(input, first));
      const [left, right] = whole.map(({ name }) => name);
      if (type === "Add" && equal && (join(node, first, right) || join(node, inputOf(node, 1), left))) continue;
      if (type === "Add" || equal)
        give(
          node,
          whole.map(({ name }) => name),
          equal ? must(from, "an operand").sides : output,
          true,
        );
      else kept.set(node, node);
    } else if (
      whole !== undefined &&
      type === "Concat" &&
      intOf(node, "axis") === 1 &&
      whole.every(({ channels }) => channels % block === 0)
    ) {
      give(
        node,
        whole.map(({ name }) => name),
        must(from, "an operand").sides,
        true,
      );
    } else kept.set(node, node);
  }
  const staying = nodes.flatMap((node) => kept.get(node) ?? []);
  const read = new Set([...[...staying, ...replaced].flatMap(({ inputs }) => inputs), ...results.map(({ name }) => name)]);
  const out = [...given]
    .filter(([value]) => read.has(value))
    .map(([value, { name, node }]) => ({ ...node, type: "Transpose" as const, inputs: [name], outputs: [value], attrs: {} }));
  return { nodes: [...staying, ...replaced, ...out], plainOf };
}

/** How a convolution that computes in blocks takes its input; undefined of one that does not. */
function convolution(node: OnnxNode, weight: Sizes, input: Sizes): "plain" | "blocks" | undefined {
  if (weight.length !== 4) return undefined;
  const [[out, perGroup], channels] = [head(weight), at(input, 1)];
  const groups = intOf(node, "group");
  if (groups === 1) return channels < block ? "plain" : channels % aligned === 0 ? "blocks" : undefined;
  if (out % aligned !== 0) return undefined;
  if (perGroup === 1 && out === groups) return "blocks";
  return perGroup % block === 0 && (out / groups) % block === 0 ? "blocks" : undefined;
}

/** Resize by a constant factor, by nearest neighbours whose places are whole, or between neighbours. */
function enlarges({ inputs, attrs }: OnnxNode, weights: ReadonlyMap<string, Sizes>): boolean {
  const [, , scales] = inputs;
  if (scales === undefined || !weights.has(scales)) return false;
  return (
    attrs["mode"] === "linear" || (attrs["coordinate_transformation_mode"] === "asymmetric" && attrs["nearest_mode"] === "floor")
  );
}

const one = (values: readonly unknown[]): boolean => new Set(values).size === 1;
