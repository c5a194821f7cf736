/** The shapes of a graph's tensors for one image size, by what the operators do, against those that are declared. */
import { InternalError, must } from "../../errors/must.ts";
import type { Bindings, Dim } from "../../ir/dim.ts";
import { elementCount, evaluateShape, type Shape } from "../../ir/shape.ts";
import { sizesFor } from "../../ir/size.ts";
import { sizesAsked } from "./attributes.ts";
import type { OnnxGraph, OnnxInitializer } from "./graph.ts";
import { shapeRules } from "./operators.ts";
import { sameSizes, type Sizes } from "./sizes.ts";

/** Compares every declared shape with the one that follows, for a batch and an image whose sizes all differ; InternalError where they do. */
export function checkShapes(graph: OnnxGraph): void {
  // No image fits: the compile says so in the user's words.
  if (graph.samples !== undefined) shapesOf(graph, graph.samples[0]);
}

/**
 * The sizes of every tensor of a graph for one batch and image, as far as they follow from what the operators do or are declared; InternalError where
 * the two differ.
 */
export function shapesOf(graph: OnnxGraph, bindings: Bindings): ReadonlyMap<string, Sizes> {
  let known = computed.get(graph);
  if (known === undefined) computed.set(graph, (known = new Map<Bindings, ReadonlyMap<string, Sizes>>()));
  let shapes = known.get(bindings);
  if (shapes === undefined) known.set(bindings, (shapes = compute(graph, bindings)));
  return shapes;
}

/** Neither changes: the verifier asks after every pass, and passes ask for the same. */
const computed = new WeakMap<OnnxGraph, Map<Bindings, ReadonlyMap<string, Sizes>>>();

function compute(graph: OnnxGraph, bindings: Bindings): ReadonlyMap<string, Sizes> {
  // Values that follow one another elementwise have one shape.
  const evaluated = new Map<Shape, Sizes>();
  const sizesOf = (dims: Shape): Sizes => {
    const sizes = evaluated.get(dims) ?? evaluateShape(dims, bindings);
    evaluated.set(dims, sizes);
    return sizes;
  };
  const declared = new Map([...graph.inputs, ...graph.values, ...graph.outputs].map(({ name, dims }) => [name, sizesOf(dims)]));
  const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
  const shapes = new Map<string, Sizes>(graph.inputs.map(({ name }) => [name, must(declared.get(name), `the shape of ${name}`)]));
  for (const { name, dims } of graph.initializers) shapes.set(name, dims);
  /** What shape arithmetic reads: the numbers of small constants, and shapes as values. */
  const numbers = new Map<string, Sizes>();

  for (const node of graph.nodes) {
    const known = node.inputs.map((name) => (name === "" ? undefined : shapes.get(name)));
    const rule = node.inputs.every((name, i) => name === "" || known[i] !== undefined) ? shapeRules[node.type] : undefined;
    const constant = (slot: number): Sizes | undefined => {
      const name = node.inputs[slot];
      if (name === undefined || name === "") return undefined;
      const initializer = initializers.get(name);
      return initializer === undefined ? numbers.get(name) : valuesOf(initializer);
    };
    let found: readonly (Sizes | undefined)[] = [];
    try {
      found = rule?.(node, known, constant) ?? [];
    } catch (error) {
      if (!(error instanceof InternalError)) throw error;
      const given = known.map((sizes) => (sizes === undefined ? "nothing" : `[${sizes.join(", ")}]`)).join(", ");
      throw new InternalError(`${node.name} cannot apply ${node.type} to ${given}: ${error.message}`, { cause: error });
    }
    node.outputs.forEach((name, i) => {
      const [follows, stated] = [found[i], declared.get(name)];
      if (follows !== undefined && stated !== undefined && !sameSizes(follows, stated)) {
        throw new InternalError(`${name} is declared [${stated.join(", ")}] where [${follows.join(", ")}] follows`);
      }
      const shape = follows ?? stated;
      if (shape !== undefined) shapes.set(name, shape);
    });
    const [input] = known;
    const [output] = node.outputs;
    if (output === undefined) continue;
    if (node.type === "Shape" && input !== undefined) numbers.set(output, sizesAsked(node, input));
    if (node.type === "Concat" && found[0]?.length === 1) {
      const parts = node.inputs.map((_, slot) => constant(slot));
      if (parts.every((part) => part !== undefined)) numbers.set(output, parts.flat());
    }
  }
  return shapes;
}

/** Batches and images that fit the dims of all of a part's values, large enough that a window is smaller than what it moves over. */
export function samplesFor(dims: readonly Dim[]): OnnxGraph["samples"] {
  const [height, width] = [sizesFor(dims, "H"), sizesFor(dims, "W")];
  if (height === undefined || width === undefined) return undefined;
  const image = (N: number, i: number, j: number): Bindings => ({
    N,
    H: height.minimum + i * height.step,
    W: width.minimum + j * width.step,
  });
  return [image(2, 2, 3), image(3, 4, 5)];
}

/** Many nodes read one constant, and graph after graph holds it. */
const constants = new WeakMap<OnnxInitializer, Sizes>();

/** The numbers of a constant that may be a shape, or scales; weights are never loaded. */
function valuesOf(initializer: OnnxInitializer): Sizes | undefined {
  if (elementCount(initializer.dims) > 16) return undefined;
  const values = constants.get(initializer) ?? numbersIn(initializer);
  if (values !== undefined) constants.set(initializer, values);
  return values;
}

/** The numbers of an initializer; undefined of half floats. */
export function numbersIn({ dtype, load }: OnnxInitializer): Sizes | undefined {
  const bytes = load().slice().buffer;
  if (dtype === "int64") return [...new BigInt64Array(bytes)].map(Number);
  return dtype === "float32" ? [...new Float32Array(bytes)] : undefined;
}
