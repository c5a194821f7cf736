/**
 * Fewer and wider groups where onnxruntime's WebGPU provider computes a convolution in groups in vectors that reach over two of them and gets it wrong (seen
 * up to onnxruntime-web 1.30; bench/webgpu_groups.mjs is a report to file): it takes vectors of 4 or 2 output channels where these divide all of them, in groups of 4 and more, whether or not
 * they divide a group's. Groups are joined until they do, with zeros between what was apart: up to four times the work of that one convolution.
 */
import { gcd } from "../../../ir/dim.ts";
import { InternalError, must } from "../../../errors/must.ts";
import { intOf } from "../attributes.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "../graph.ts";
import { inFloat32, sameInterface, type GraphPass } from "./pass.ts";

export const wholeGroups: GraphPass = {
  name: "wholeGroups",
  doc: "Joins groups of convolutions that WebGPU would compute in vectors over two of them.",
  requires: [inFloat32],
  ensures: [
    sameInterface,
    {
      name: "free of groups that vectors reach over",
      broken: (graph: OnnxGraph) => [...torn(graph).keys()][0]?.name,
    },
  ],
  run(graph) {
    const found = torn(graph);
    if (found.size === 0) return graph;
    const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
    const nodes = graph.nodes.map((node): OnnxNode => {
      const wrong = found.get(node);
      if (wrong === undefined) return node;
      const weight = joined(wrong);
      initializers.set(weight.name, weight);
      const [input, , ...bias] = node.inputs;
      const attrs = { ...node.attrs, group: wrong.groups / wrong.together };
      return { ...node, inputs: [must(input, `the input of ${node.name}`), weight.name, ...bias], attrs };
    });
    const needed = new Set(nodes.flatMap((node) => node.inputs));
    return { ...graph, nodes, initializers: [...initializers.values()].filter(({ name }) => needed.has(name)) };
  },
};

interface Torn {
  readonly weight: OnnxInitializer;
  readonly groups: number;
  /** How many groups become one. */
  readonly together: number;
}

function torn({ nodes, initializers }: OnnxGraph): ReadonlyMap<OnnxNode, Torn> {
  const weights = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  const found = new Map<OnnxNode, Torn>();
  for (const conv of nodes) {
    const weight = conv.type === "Conv" ? weights.get(must(conv.inputs[1], `the weight of ${conv.name}`)) : undefined;
    if (weight === undefined) continue;
    const groups = intOf(conv, "group");
    const out = must(weight.dims[0], `the outputs of ${weight.name}`);
    const each = out / groups;
    const vector = gcd(out, 4);
    const together = vector / gcd(each, vector);
    if (groups > 1 && each >= 4 && together > 1) found.set(conv, { weight, groups, together });
  }
  return found;
}

/** The weight of fewer groups: each filter's values in the place of its own channels among those of the groups around it. */
function joined({ weight, groups, together }: Torn): OnnxInitializer {
  const [out, input, ...kernel] = weight.dims as readonly [number, number, ...number[]];
  if (weight.dtype !== "float32") throw new InternalError(`${weight.name} is ${weight.dtype}`);
  return {
    ...weight,
    name: `${weight.name}@${groups / together}groups`,
    dims: [out, input * together, ...kernel],
    load() {
      const bytes = weight.load();
      const own = bytes.length / out;
      const wide = new Uint8Array(bytes.length * together);
      for (let i = 0; i < out; i++) {
        const place = Math.floor((i * groups) / out) % together;
        wide.set(bytes.subarray(i * own, (i + 1) * own), (i * together + place) * own);
      }
      return wide;
    },
  };
}
