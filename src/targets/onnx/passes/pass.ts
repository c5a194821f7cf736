/** Graph → graph. */
import { runInOrder, type Condition, type Pass } from "../../../ir/pass.ts";
import { formatShape } from "../../../ir/shape.ts";
import type { OnnxGraph, OnnxInitializer, OnnxValue } from "../graph.ts";
import { typesOf } from "../types.ts";
import { verifyOnnx } from "../verify.ts";

export type GraphPass = Pass<OnnxGraph>;

/** Runs passes in order and verifies the graph after each. */
export function runGraphPasses(graph: OnnxGraph, passes: readonly GraphPass[]): OnnxGraph {
  return runInOrder(graph, passes, verifyOnnx);
}

/** Inputs and outputs are those that the graph had: names, types and shapes. */
export const sameInterface: Condition<OnnxGraph> = {
  name: "called as before",
  broken(after, before) {
    const text = ({ inputs, outputs, samples }: OnnxGraph): string =>
      `${described(inputs)} -> ${described(outputs)}, checked at ${JSON.stringify(samples)}`;
    return text(after) === text(before) ? undefined : `${text(before)} has become ${text(after)}`;
  },
};

/** Nothing is float16 yet. */
export const inFloat32: Condition<OnnxGraph> = {
  name: "in float32",
  broken(graph) {
    const half = [...typesOf(graph)].find(([, dtype]) => dtype === "float16");
    return half && `${half[0]} is float16`;
  },
};

function described(values: readonly OnnxValue[]): string {
  return values.map(({ name, dims, dtype = "float32" }) => `${name}: ${dtype} ${formatShape(dims)}`).join(", ");
}

/** Whole numbers that a pass adds to a graph. */
export function integers(name: string, values: readonly number[]): OnnxInitializer {
  const bytes = new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
  return { name, dims: [values.length], dtype: "int64", load: () => bytes };
}
