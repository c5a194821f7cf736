/** What onnxruntime's optimizer makes of the nodes of our graphs, and what its kernels on processors hold besides what they are given and give. */
import { must } from "../../errors/must.ts";
import type { OnnxOperator } from "../../ir/onnx.ts";
import { elementCount } from "../../ir/shape.ts";
import { intOf } from "./attributes.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";
import { axisOf, type Sizes } from "./sizes.ts";

/** Operators that become several: these of the one before, and the product with what they are given. */
const unfolded: Partial<Readonly<Record<OnnxOperator, readonly OnnxOperator[]>>> = {
  HardSwish: ["HardSigmoid"],
  Mish: ["Softplus", "Tanh"],
};

export interface Optimized {
  readonly nodes: readonly OnnxNode[];
  /** Of values that the graph does not have, those of it that have their shapes. */
  readonly likeOf: ReadonlyMap<string, string>;
}

/** x·sigmoid(x), x·sigmoid(c·x) and GELU of the error function are each a node that takes x alone, a product of one. */
export function optimized({ nodes, initializers }: Pick<OnnxGraph, "nodes" | "initializers">): Optimized {
  const uses = usesOf(nodes);
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const constants = new Set(initializers.flatMap(({ name, dims }) => (elementCount(dims) === 1 ? [name] : [])));
  /** The node of one of these operators that alone is asked for `value`. */
  const maker = (value: string | undefined, ...types: readonly OnnxOperator[]): OnnxNode | undefined => {
    const found = value !== undefined && uses.get(value) === 1 ? makers.get(value) : undefined;
    return found !== undefined && types.includes(found.type) ? found : undefined;
  };
  const variable = ({ inputs }: OnnxNode): readonly string[] => inputs.filter((input) => !constants.has(input));
  /** What is gone where a node computes an activation of `x` and the nodes before it. */
  const activation = (node: OnnxNode): { readonly x: string; readonly gone: readonly OnnxNode[] } | undefined => {
    if (node.type !== "Mul") return undefined;
    const [only, another] = variable(node);
    // Half of x · (1 + erf(x/√2)), or x · sigmoid(…) itself.
    const halved = another === undefined ? maker(only, "Mul") : undefined;
    const [a, b, ...others] = variable(halved ?? node);
    if (a === undefined || b === undefined || others.length > 0) return undefined;
    for (const [x, gate] of [[a, b] as const, [b, a] as const]) {
      const sum = halved && maker(gate, "Add");
      const bent = halved === undefined ? maker(gate, "Sigmoid") : maker(sum && variable(sum)[0], "Erf");
      const [given] = bent?.inputs ?? [];
      const scaled = given === x ? undefined : maker(given, "Mul", "Div");
      if (bent !== undefined && (given === x || (scaled !== undefined && variable(scaled).join() === x)))
        return { x, gone: [scaled, bent, sum, halved].filter((one) => one !== undefined) };
    }
    return undefined;
  };
  const likeOf = new Map<string, string>();
  const gone = new Set<OnnxNode>();
  const results = nodes.flatMap((node): readonly OnnxNode[] => {
    const found = activation(node);
    if (found !== undefined) {
      for (const one of found.gone) gone.add(one);
      return [{ ...node, inputs: [found.x] }];
    }
    const steps = unfolded[node.type];
    if (steps === undefined || (node.type === "HardSwish" && maker(node.inputs[0], "Conv") !== undefined)) return [node];
    const x = inputOf(node, 0);
    let last = x;
    const chain = steps.map((type): OnnxNode => {
      const made = { ...node, type, inputs: [last], outputs: [`${outputOf(node)} ${type}`] };
      last = outputOf(made);
      likeOf.set(last, x);
      return made;
    });
    return [...chain, { ...node, type: "Mul", inputs: [x, last] }];
  });
  return { nodes: results.filter((node) => !gone.has(node)), likeOf };
}

export function inputOf(node: OnnxNode, slot: number): string {
  return must(node.inputs[slot], `input ${slot} of ${node.name}`);
}

export function outputOf(node: OnnxNode): string {
  return must(node.outputs[0], `the output of ${node.name}`);
}

/** How often each value is read. */
export function usesOf(nodes: readonly OnnxNode[]): Map<string, number> {
  const uses = new Map<string, number>();
  for (const input of nodes.flatMap((node) => node.inputs)) uses.set(input, (uses.get(input) ?? 0) + 1);
  return uses;
}

/** Numbers that a kernel holds while it runs: columns of a transposed convolution, both sides of a softmax that is not along the last axis, turned. */
export function workspace(node: OnnxNode, shapeOf: (value: string) => Sizes): number {
  if (node.type === "ConvTranspose") {
    const [, ...perGroup] = shapeOf(inputOf(node, 1));
    return elementCount(perGroup) * elementCount(shapeOf(inputOf(node, 0)).slice(2));
  }
  if (node.type !== "Softmax") return 0;
  const shape = shapeOf(inputOf(node, 0));
  return axisOf(intOf(node, "axis"), shape) === shape.length - 1 ? 0 : 2 * elementCount(shape);
}
