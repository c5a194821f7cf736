import type { OnnxGraph, OnnxNode, OnnxValue } from "../graph.ts";
import { typesOf } from "../types.ts";
import type { GraphPass } from "./pass.ts";

/** One more output for each of the tensors, the largest magnitude in it: `max/0`, `max/1`, … */
export function maxima(tensors: readonly string[]): GraphPass {
  return {
    name: "maxima",
    doc: "Measures the largest magnitude of tensors.",
    requires: [
      {
        name: "float32 where it is measured",
        broken(graph) {
          const types = typesOf(graph);
          const other = tensors.find((tensor) => types.get(tensor) !== "float32");
          return other && `${other} is ${String(types.get(other))}`;
        },
      },
    ],
    ensures: [
      {
        name: "measured in further outputs",
        broken({ outputs }, before) {
          const wanted = [...before.outputs.map(({ name }) => name), ...tensors.map((_, i) => maximumName(i))].join(", ");
          const found = outputs.map(({ name }) => name).join(", ");
          return found === wanted ? undefined : `${found} stand there for ${wanted}`;
        },
      },
    ],
    run: (graph) => withMaxima(graph, tensors),
  };
}

function withMaxima(graph: OnnxGraph, tensors: readonly string[]): OnnxGraph {
  const measure = (tensor: string, i: number): readonly OnnxNode[] => [
    { name: `magnitude/${i}`, type: "Abs", inputs: [tensor], outputs: [`magnitude/${i}`], attrs: {} },
    { name: maximumName(i), type: "ReduceMax", inputs: [`magnitude/${i}`], outputs: [maximumName(i)], attrs: { keepdims: 0 } },
  ];
  // onnxruntime runs what comes last first, with all that it needs: in this order it measures a tensor while it is there, in the other one it
  // would keep them all until the end.
  const measured = tensors.map(measure).reverse().flat();
  const outputs = tensors.map((_, i): OnnxValue => ({ name: maximumName(i), dims: [] }));
  return { ...graph, nodes: [...graph.nodes, ...measured], outputs: [...graph.outputs, ...outputs] };
}

export function maximumName(index: number): string {
  return `max/${index}`;
}
