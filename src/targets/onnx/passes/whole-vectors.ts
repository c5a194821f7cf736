/**
 * Channels of zeros where onnxruntime's WebGPU provider computes a convolution in vectors of three values and gets it wrong
 * (https://github.com/microsoft/onnxruntime/issues/29651, seen up to onnxruntime-web 1.30): with input channels that 3 divides and 4 does not, above 3,
 * and output channels that 4 divides. What is added is 0 times 0.
 */
import { InternalError, must } from "../../../errors/must.ts";
import { intOf } from "../attributes.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "../graph.ts";
import { inFloat32, sameInterface, type GraphPass } from "./pass.ts";

export const wholeVectors: GraphPass = {
  name: "wholeVectors",
  doc: "Adds channels of zeros to convolutions that WebGPU would compute in vectors of three.",
  requires: [inFloat32],
  ensures: [
    sameInterface,
    {
      name: "free of convolutions in vectors of three",
      broken(graph: OnnxGraph): string | undefined {
        const [left] = inThrees(graph);
        return left && `${left.conv.name} is one`;
      },
    },
  ],
  run(graph) {
    const found = new Map(inThrees(graph).map((each) => [each.conv, each]));
    if (found.size === 0) return graph;
    const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
    const padded = new Map<string, string>();
    const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
      const three = found.get(node);
      if (three === undefined) return [node];
      const [input, , ...bias] = node.inputs;
      const map = must(input, `the input of ${node.name}`);
      const weight = widened(three.weight);
      initializers.set(weight.name, weight);
      const known = padded.get(map);
      const name = known ?? `${node.name}_widened:0`;
      padded.set(map, name);
      const conv = { ...node, inputs: [name, weight.name, ...bias] };
      if (known !== undefined) return [conv];
      const amounts = amountsOf(missing(three.weight));
      initializers.set(amounts.name, amounts);
      return [{ name: `${node.name}_widened`, type: "Pad", inputs: [map, amounts.name], outputs: [name], attrs: {} }, conv];
    });
    const needed = new Set(nodes.flatMap((node) => node.inputs));
    return { ...graph, nodes, initializers: [...initializers.values()].filter(({ name }) => needed.has(name)) };
  },
};

interface InThrees {
  readonly conv: OnnxNode;
  readonly weight: OnnxInitializer;
}

function inThrees({ nodes, initializers }: OnnxGraph): readonly InThrees[] {
  const weights = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  return nodes.flatMap((conv) => {
    if (conv.type !== "Conv" || intOf(conv, "group") !== 1) return [];
    const weight = weights.get(must(conv.inputs[1], `the weight of ${conv.name}`));
    if (weight === undefined) return [];
    const { out, input, kernel } = sizesOf(weight);
    const wrong = input > 3 && input % 3 === 0 && input % 4 !== 0 && out % 4 === 0 && kernel.some((size) => size > 1);
    return wrong ? [{ conv, weight }] : [];
  });
}

function sizesOf({ name, dims }: OnnxInitializer): {
  readonly out: number;
  readonly input: number;
  readonly kernel: readonly number[];
} {
  const [out, input, ...kernel] = dims;
  return { out: must(out, `the outputs of ${name}`), input: must(input, `the inputs of ${name}`), kernel };
}

/** Up to the next number of input channels that 4 divides. */
function missing(weight: OnnxInitializer): number {
  return (4 - (sizesOf(weight).input % 4)) % 4;
}

function widened(weight: OnnxInitializer): OnnxInitializer {
  const { out, input, kernel } = sizesOf(weight);
  const channels = input + missing(weight);
  if (weight.dtype !== "float32") throw new InternalError(`${weight.name} is ${weight.dtype}`);
  return {
    ...weight,
    name: `${weight.name}@${channels}`,
    dims: [out, channels, ...kernel],
    load() {
      const bytes = weight.load();
      const [from, to] = [input, channels].map((count) => (count * bytes.length) / (out * input)) as [number, number];
      const wide = new Uint8Array(out * to);
      for (let i = 0; i < out; i++) wide.set(bytes.subarray(i * from, (i + 1) * from), i * to);
      return wide;
    },
  };
}

/** Of Pad, before and after every axis of a map. */
function amountsOf(channels: number): OnnxInitializer {
  const values = BigInt64Array.from([0, 0, 0, 0, 0, channels, 0, 0].map(BigInt));
  return {
    name: `constants/widened_${channels}`,
    dims: [values.length],
    dtype: "int64",
    load: () => new Uint8Array(values.buffer),
  };
}
