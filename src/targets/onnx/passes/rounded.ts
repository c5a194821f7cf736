import { fromHalf } from "../float16.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "../graph.ts";
import { castTo, typesOf } from "../types.ts";
import { sameInterface, type GraphPass } from "./pass.ts";

/**
 * A float16 graph as a float32 one that rounds every value that the first one holds in float16, overflow to infinity included. A runtime on a
 * CPU computes float16 graphs in float32 from end to end; this one shows what a device with float16 arithmetic gives.
 */
export const rounded: GraphPass = {
  name: "rounded",
  doc: "Computes in float32, and rounds every value that was float16.",
  requires: [],
  ensures: [
    sameInterface,
    {
      name: "float32 but for its rounding",
      broken(graph: OnnxGraph): string | undefined {
        const types = typesOf(graph);
        const found = graph.nodes.find(
          (node) => node.type !== "Cast" && node.inputs.some((name) => types.get(name) === "float16"),
        );
        return found && `${found.name} takes float16`;
      },
    },
  ],
  run(graph) {
    const types = typesOf(graph);
    const isHalf = (name: string): boolean => types.get(name) === "float16";
    const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
      const computed: OnnxNode = node.type === "Cast" ? { ...node, type: "Identity", attrs: {} } : node;
      const outputs = node.outputs.map((name) => (isHalf(name) ? `${name}?` : name));
      // What is cast to float32 is rounded already: its input was.
      const casts = node.outputs.filter(isHalf).flatMap((name): readonly OnnxNode[] => [
        { name: `${name}?half`, type: "Cast", inputs: [`${name}?`], outputs: [`${name}?half`], attrs: { to: castTo.float16 } },
        { name: `${name}?float`, type: "Cast", inputs: [`${name}?half`], outputs: [name], attrs: { to: castTo.float32 } },
      ]);
      return [{ ...computed, outputs }, ...casts];
    });
    const initializers = graph.initializers.map((initializer): OnnxInitializer =>
      initializer.dtype === "float16"
        ? { ...initializer, dtype: "float32", load: () => fromHalf(initializer.load()) }
        : initializer,
    );
    return { ...graph, nodes, values: [], initializers };
  },
};
