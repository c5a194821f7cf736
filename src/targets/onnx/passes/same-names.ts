/**
 * One name for the sides of maps that meet. Their sizes are equal for every image that fits, which a reader does not know that calls one `2*h`, as the graph's
 * input is declared, and the other `floor(2.0*h)`, as it was enlarged: onnxruntime's symbolic shape inference and TVM stop there. So one is seen in the
 * shape of the other, by a Reshape that moves nothing. Enlarging to sizes that are read from the other says the same, and tract refuses it.
 */
import { must } from "../../../errors/must.ts";
import { intOf } from "../attributes.ts";
import type { OnnxGraph, OnnxNode } from "../graph.ts";
import { broadcasting } from "../elementwise.ts";
import { isOpen, SizeNames, type Names } from "../size-names.ts";
import { axisOf } from "../sizes.ts";
import { integers, sameInterface, type GraphPass } from "./pass.ts";

export const sameNames: GraphPass = {
  name: "sameNames",
  doc: "Sees maps that meet in one shape, where readers do not know that they have it.",
  requires: [],
  ensures: [
    sameInterface,
    {
      name: "free of maps that meet by other names",
      broken(graph: OnnxGraph): string | undefined {
        const again = rewritten(graph);
        return again === graph ? undefined : again.nodes.find((node, i) => node !== graph.nodes[i])?.name;
      },
    },
  ],
  run: rewritten,
};

/** Those that have been looked through to the end: a graph does not change, and names of all of its sizes take their time. */
const free = new WeakSet<OnnxGraph>();

function rewritten(graph: OnnxGraph): OnnxGraph {
  // No image fits: the compile says so in the user's words.
  if (graph.samples === undefined || free.has(graph)) return graph;
  const names = new SizeNames(graph, graph.samples);
  const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
  const nodes = graph.nodes.flatMap((node) => {
    const seen = inOneShape(node, names, (name, values) => {
      if (!initializers.has(name)) initializers.set(name, integers(name, values));
      // What is read of the shape after it is known by these numbers.
      names.hold(must(initializers.get(name), name));
    });
    for (const each of seen) names.read(each);
    return seen;
  });
  if (nodes.length > graph.nodes.length) return { ...graph, nodes, initializers: [...initializers.values()] };
  free.add(graph);
  return graph;
}

/** Keeps a constant of the graph. */
type Hold = (name: string, values: readonly number[]) => void;

interface Operand {
  readonly slot: number;
  readonly tensor: string;
  readonly names: Names;
}

/** A node and what it wants before it. */
function inOneShape(node: OnnxNode, names: SizeNames, hold: Hold): readonly OnnxNode[] {
  const operands = node.inputs.flatMap((tensor, slot): readonly Operand[] => {
    const found = names.of(tensor);
    return found === undefined ? [] : [{ slot, tensor, names: found }];
  });
  const places = meeting(node, operands);
  const open = ({ names }: Operand): readonly string[] => places.flatMap((place) => names.at(-place) ?? []).filter(isOpen);
  // The whole map before what is stretched over it, and the one that is called as an input is.
  const [like, ...others] = operands.toSorted(
    (a, b) => open(b).length - open(a).length || open(a).join("").length - open(b).join("").length,
  );
  if (like === undefined) return [node];
  const inputs = [...node.inputs];
  const before = others.flatMap((operand): readonly OnnxNode[] => {
    const others = places.filter((place) => {
      const [own, wanted] = [operand.names.at(-place), like.names.at(-place)];
      return own !== wanted && [own, wanted].every((name) => name !== undefined && isOpen(name));
    });
    if (others.length === 0) return [];
    const name = `${node.name}_like${operand.slot}`;
    const shape = shapeLike(like, operand, new Set(others), name, hold);
    inputs[operand.slot] = `${name}:0`;
    names.add(
      `${name}:0`,
      operand.tensor,
      operand.names.map((own, axis) =>
        others.includes(operand.names.length - axis) ? must(like.names.at(axis - operand.names.length), node.name) : own,
      ),
    );
    const { module } = node;
    const of = module === undefined ? {} : { module };
    return [
      ...shape.map((each) => ({ ...each, ...of })),
      {
        name,
        type: "Reshape",
        inputs: [operand.tensor, must(shape.at(-1)?.outputs[0], name)],
        outputs: [`${name}:0`],
        attrs: {},
        ...of,
      },
    ];
  });
  return before.length === 0 ? [node] : [...before, { ...node, inputs }];
}

/** The axes in which a node's operands have one size or 1, counted from the last. */
function meeting(node: OnnxNode, operands: readonly Operand[]): readonly number[] {
  const ranks = operands.map(({ names }) => names.length);
  const places = Array.from({ length: Math.max(0, ...ranks) }, (_, i) => i + 1);
  if (broadcasting.some((type) => type === node.type)) return places;
  if (node.type === "MatMul") return places.slice(2);
  if (node.type !== "Concat") return [];
  const joined = axisOf(intOf(node, "axis"), places);
  return places.filter((place) => place !== places.length - joined);
}

/** What Reshape is to be given: sizes of `like` at some places, an operand's own at the others. */
function shapeLike(
  like: Operand,
  { names }: Operand,
  places: ReadonlySet<number>,
  name: string,
  hold: Hold,
): readonly OnnxNode[] {
  const rank = like.names.length;
  const shapeOf = (start: number, end: number): OnnxNode => ({
    name: `${name}_from${start}`,
    type: "Shape",
    inputs: [like.tensor],
    outputs: [`${name}_from${start}:0`],
    attrs: { ...(start === 0 ? {} : { start }), ...(end === rank ? {} : { end }) },
  });
  const given = names.map((own, axis) => places.has(names.length - axis) || own === like.names.at(axis - names.length));
  if (rank === names.length && given.every(Boolean)) return [shapeOf(0, rank)];
  const nodes: OnnxNode[] = [];
  const pieces: string[] = [];
  for (let axis = 0; axis < names.length;) {
    const taken = places.has(names.length - axis);
    let end = axis + 1;
    while (end < names.length && places.has(names.length - end) === taken) end++;
    if (taken) {
      const shape = shapeOf(axis + rank - names.length, end + rank - names.length);
      nodes.push(shape);
      pieces.push(...shape.outputs);
    } else {
      const own = `constants/own_${end - axis}`;
      hold(own, new Array<number>(end - axis).fill(0));
      pieces.push(own);
    }
    axis = end;
  }
  const sizes = `${name}_sizes`;
  return pieces.length === 1
    ? nodes
    : [...nodes, { name: sizes, type: "Concat", inputs: pieces, outputs: [`${sizes}:0`], attrs: { axis: 0 } }];
}
