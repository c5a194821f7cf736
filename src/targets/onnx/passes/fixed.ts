/** A graph for one batch and image size, for runtimes that compile ahead (Core ML, TFLite, NPUs): every shape is numbers. */
import { must } from "../../../errors/must.ts";
import { constantDim, type Bindings } from "../../../ir/dim.ts";
import { evaluateShape, shapeOf, type Shape } from "../../../ir/shape.ts";
import { sizesAsked } from "../attributes.ts";
import type { OnnxGraph, OnnxInitializer, OnnxValue } from "../graph.ts";
import { numbersIn } from "../shapes.ts";
import { integers, type GraphPass } from "./pass.ts";

export function fixed(sizes: Bindings): GraphPass {
  const numbers = (dims: Shape): Shape => shapeOf(...evaluateShape(dims, sizes).map(constantDim));
  const ofOneSize = (value: OnnxValue): OnnxValue => ({ ...value, dims: numbers(value.dims) });
  return {
    name: "fixed",
    doc: "Writes the shapes of one batch and image size, and what nodes would ask for them.",
    requires: [],
    ensures: [
      {
        name: "of one size",
        broken({ inputs, values, outputs, nodes }) {
          const open = [...inputs, ...values, ...outputs].find(({ dims }) => dims.some(({ symbol }) => symbol !== null));
          return open?.name ?? nodes.find(({ type }) => type === "Shape")?.name;
        },
      },
      {
        name: "called by the same names",
        broken(after, before) {
          const names = ({ inputs, outputs }: OnnxGraph): string => [...inputs, ...outputs].map(({ name }) => name).join(", ");
          return names(after) === names(before) ? undefined : `${names(before)} have become ${names(after)}`;
        },
      },
    ],
    run(graph) {
      const [inputs, values, outputs] = [graph.inputs, graph.values, graph.outputs].map((each) => each.map(ofOneSize)) as [
        OnnxValue[],
        OnnxValue[],
        OnnxValue[],
      ];
      const shapes = new Map([...inputs, ...values, ...outputs].map(({ name, dims }) => [name, dims]));
      const answered = new Map<string, OnnxInitializer>();
      const constants = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
      for (const node of graph.nodes) {
        const { type, inputs: given, outputs: made } = node;
        const dims = type === "Shape" ? shapes.get(given[0] as string) : undefined;
        const asked = dims === undefined ? undefined : sizesAsked(node, evaluateShape(dims, sizes));
        // What is put before sides that a Shape gave.
        const isSizes = type === "Concat" && given.some((name) => answered.has(name));
        const joined = isSizes
          ? given.flatMap((name) =>
              must(numbersIn(must(answered.get(name) ?? constants.get(name), name)), `the numbers of ${name}`),
            )
          : undefined;
        const values = asked ?? joined;
        if (values !== undefined) for (const name of made) answered.set(name, integers(name, values));
      }
      const isAnswered = (name: string): boolean => answered.has(name);
      return {
        ...graph,
        samples: [sizes, sizes],
        inputs,
        values: values.filter(({ name }) => !isAnswered(name)),
        outputs,
        nodes: graph.nodes.filter((node) => !node.outputs.some(isAnswered)),
        initializers: [...graph.initializers, ...answered.values()],
      };
    },
  };
}
