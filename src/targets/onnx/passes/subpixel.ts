/**
 * Nearest ×2 followed by a 3×3 convolution, as four 2×2 convolutions of the small map, one for each position in a 2×2 cell of the output.
 * Where the enlarged map repeats a value, the weights that meet it add up: 4 products for an output value instead of 9, the same result up to
 * rounding (docs/benchmarks.md has the times).
 */
import { must } from "../../../errors/must.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "../graph.ts";
import { inFloat32, sameInterface, type GraphPass } from "./pass.ts";

export const subpixel: GraphPass = {
  name: "subpixel",
  doc: "Computes 3×3 convolutions of maps that nearest ×2 enlarged on the small maps.",
  requires: [inFloat32],
  ensures: [
    sameInterface,
    {
      name: "free of convolutions of enlarged maps",
      broken(graph: OnnxGraph): string | undefined {
        const [left] = enlargedConvolutions(graph);
        return left && `${left.conv.name} is one`;
      },
    },
  ],
  run(graph) {
    const found = enlargedConvolutions(graph);
    if (found.length === 0) return graph;
    const replaced = new Map<OnnxNode, readonly OnnxNode[]>();
    const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
    for (const { resize, conv, weight } of found) {
      const phases = phaseWeights(weight);
      for (const phase of phases) initializers.set(phase.name, phase);
      replaced.set(resize, []);
      replaced.set(conv, phaseNodes(conv, must(resize.inputs[0], `the input of ${resize.name}`), phases));
    }
    const nodes = graph.nodes.flatMap((node) => replaced.get(node) ?? [node]);
    const needed = new Set(nodes.flatMap((node) => node.inputs));
    const made = new Set(nodes.flatMap((node) => node.outputs));
    return {
      ...graph,
      nodes,
      values: graph.values.filter((value) => made.has(value.name)),
      initializers: [...initializers.values()].filter((initializer) => needed.has(initializer.name)),
    };
  },
};

interface Enlarged {
  readonly resize: OnnxNode;
  readonly conv: OnnxNode;
  readonly weight: OnnxInitializer;
}

/** The convolutions of an enlarged map that nothing else uses. */
function enlargedConvolutions(graph: OnnxGraph): readonly Enlarged[] {
  const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const uses = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map((output) => output.name)]) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return graph.nodes.filter(isConvolution).flatMap((conv) => {
    const [input, weightName] = conv.inputs;
    if (input === undefined || weightName === undefined || uses.get(input) !== 1) return [];
    const [resize, weight] = [producers.get(input), initializers.get(weightName)];
    return resize !== undefined && weight !== undefined && doubles(resize, initializers) ? [{ resize, conv, weight }] : [];
  });
}

function isConvolution({ type, attrs }: OnnxNode): boolean {
  const { kernel_shape, pads, strides, group, dilations } = attrs;
  return (
    type === "Conv" &&
    dilations === undefined &&
    JSON.stringify([kernel_shape, pads, strides, group]) === "[[3,3],[1,1,1,1],[1,1],1]"
  );
}

function doubles({ type, inputs, attrs }: OnnxNode, initializers: ReadonlyMap<string, OnnxInitializer>): boolean {
  const [, , name] = inputs;
  const scales = name === undefined ? undefined : initializers.get(name);
  if (type !== "Resize" || attrs["mode"] !== "nearest" || scales === undefined) return false;
  const bytes = scales.load();
  return String(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)) === "1,1,2,2";
}

const phases = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

/** For each row and column of the 2×2 kernel, the rows and columns of the 3×3 kernel that meet the same value. */
const meeting = [
  [[0], [1, 2]],
  [[0, 1], [2]],
] as const;

function phaseWeights(weight: OnnxInitializer): readonly OnnxInitializer[] {
  const [out, input] = [0, 1].map((axis) => must(weight.dims[axis], `axis ${axis} of ${weight.name}`)) as [number, number];
  return phases.map(([row, column]) => ({
    name: `${weight.name}@${row}${column}`,
    dims: [out, input, 2, 2],
    dtype: weight.dtype,
    load: () => {
      const bytes = weight.load();
      const source = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      const summed = new Float32Array(out * input * 4);
      for (let filter = 0; filter < out * input; filter++) {
        for (const [i, rows] of meeting[row].entries()) {
          for (const [j, columns] of meeting[column].entries()) {
            let sum = 0;
            for (const y of rows) for (const x of columns) sum += source[filter * 9 + y * 3 + x] as number;
            summed[filter * 4 + i * 2 + j] = sum;
          }
        }
      }
      return new Uint8Array(summed.buffer);
    },
  }));
}

function phaseNodes(conv: OnnxNode, input: string, weights: readonly OnnxInitializer[]): readonly OnnxNode[] {
  const bias = conv.inputs.slice(2);
  const convolutions = phases.map(([row, column], i): OnnxNode => {
    const weight = must(weights[i], `the weight of phase ${row}${column} of ${conv.name}`);
    const name = `${conv.name}_${row}${column}`;
    const attrs = { kernel_shape: [2, 2], strides: [1, 1], pads: [1 - row, 1 - column, row, column], group: 1 };
    return { ...conv, name, inputs: [input, weight.name, ...bias], outputs: [`${name}:0`], attrs };
  });
  const joined = `${conv.name}_joined`;
  return [
    ...convolutions,
    {
      ...conv,
      name: joined,
      type: "Concat",
      inputs: convolutions.flatMap((node) => node.outputs),
      outputs: [`${joined}:0`],
      attrs: { axis: 1 },
    },
    {
      ...conv,
      type: "DepthToSpace",
      inputs: [`${joined}:0`],
      attrs: { blocksize: 2, mode: "DCR" },
    },
  ];
}
