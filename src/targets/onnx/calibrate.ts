/** Finds out on images which nodes of a graph float16 cannot hold, and how far the float16 graph is from the float32 one. */
import { counted } from "../../errors/counted.ts";
import { UserError, type Note } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import type { Sources } from "../../ir/model.ts";
import { evaluateShape, formatShape, sameShape, shapeOf, type Shape } from "../../ir/shape.ts";
import type { Sizes } from "../../ir/size.ts";
import { joined } from "../../ir/tensor.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";
import { fitsHalf, floatTensors, half, maxima, maximumName, rounded, runGraphPasses } from "./passes/index.ts";
import { encodeModel, initializerBytes, protobufLimit, type ModelInfo } from "./serde.ts";

/** Values with their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type NamedValues = Readonly<Record<string, Values>>;

/** What is brought, since nothing here reads an image or runs a graph. */
export interface Calibration {
  /** Normal numbers, the same for a shape and a seed. */
  readonly noise: (shape: readonly number[], seed: number) => Promise<Float32Array>;
  /** The images, as [1, channels, height, width] of sizes that the parts accept. */
  readonly images: (channels: number, sizes: Sizes) => Promise<readonly Values[]>;
  readonly load: (model: Uint8Array) => Promise<{
    run(inputs: NamedValues): Promise<NamedValues>;
    release(): Promise<void>;
  }>;
}

export interface HalfReport {
  readonly nodes: number;
  /** Nodes that stay float32 because of what they compute. */
  readonly declared: number;
  /** Nodes that stay float32 because of the values that go in or out. */
  readonly outOfRange: number;
  /** Where such values are computed, or the weights that are such, with their largest magnitude; the largest first. */
  readonly reach: readonly { readonly name: string; readonly max: number }[];
  /** The largest difference from float32 on the calibration images, relative to max(1, max|y|) of the output it is in. */
  readonly worstError: number;
  /** Inputs that were drawn, since no image and no part gives them. */
  readonly drawn: readonly string[];
}

export interface Half {
  readonly graph: OnnxGraph;
  readonly report: HalfReport;
}

/**
 * Turns graphs into float16. A graph that takes what others give, as `sources` says, comes after those; the others take the images. What a graph takes from outside
 * besides is drawn.
 */
export async function calibrated(
  graphs: readonly { readonly graph: OnnxGraph; readonly sources: Sources }[],
  images: readonly Values[],
  { load, noise }: Pick<Calibration, "load" | "noise">,
  info: ModelInfo,
  progress: (doing: string) => void,
): Promise<readonly Half[]> {
  const runAll = async (graph: OnnxGraph, inputs: readonly NamedValues[]): Promise<readonly NamedValues[]> => {
    const session = await load(joined(encodeModel(graph, info)));
    const results: NamedValues[] = [];
    for (const each of inputs) results.push(await session.run(each));
    await session.release();
    return results;
  };

  const done: Half[] = [];
  // What each part took and gave, by the part's name.
  const given = new Map<string, readonly NamedValues[]>();
  for (const { graph, sources } of graphs) {
    const { inputs, drawn } = await inputsOf(graph, sources, { given, images, noise });
    expectBelowLimit(graph);
    progress(`calibrating ${graph.name} on ${counted(images.length, "image")}`);
    const tensors = floatTensors(graph);
    const expected = await runAll(runGraphPasses(graph, [maxima(tensors)]), inputs);
    for (const { name } of graph.outputs) for (const results of expected) expectFinite(graph, name, results[name]);
    const reached = maximaOf(graph, tensors, expected);
    const kept = float32Nodes(graph, reached);
    const halved = runGraphPasses(graph, [half(new Set([...kept.declared, ...kept.outOfRange]))]);
    const found = await runAll(runGraphPasses(halved, [rounded]), inputs);
    const worstError = Math.max(
      ...expected.flatMap((results, i) =>
        graph.outputs.map(({ name }) => relativeError(outputOf(results, name), outputOf(found[i], name))),
      ),
    );
    const report = { nodes: graph.nodes.length, declared: kept.declared.length, outOfRange: kept.outOfRange.length };
    done.push({ graph: halved, report: { ...report, reach: reachOf(graph, reached), worstError, drawn } });
    given.set(
      graph.name,
      expected.map((results, i) => ({ ...inputs[i], ...results })),
    );
  }
  return done;
}

interface Given {
  readonly given: ReadonlyMap<string, readonly NamedValues[]>;
  readonly images: readonly Values[];
  readonly noise: Calibration["noise"];
}

/** What a graph is calibrated on, for every image: outputs of other parts, the image itself where an input has its shape, and numbers that are drawn where it is a condition. */
async function inputsOf(
  graph: OnnxGraph,
  sources: Sources,
  { given, images, noise }: Given,
): Promise<{ readonly inputs: readonly NamedValues[]; readonly drawn: readonly string[] }> {
  const drawn: string[] = [];
  const taken: [string, readonly Values[]][] = [];
  for (const [at, { name, dims }] of graph.inputs.entries()) {
    const source = sources[name];
    if (source !== undefined) {
      const results = must(given.get(source.part), `what the ${source.part} gives the ${graph.name} to calibrate on`);
      const value = source.output ?? source.input;
      taken.push([name, results.map((result) => must(result[value], `the ${value} of the ${source.part}`))]);
    } else if (isImage(dims, images)) taken.push([name, images]);
    else if (at === 0) throw uncalibrated(graph, name);
    else {
      drawn.push(name);
      taken.push([name, await conditions(dims, images, (shape, i) => noise(shape, 1000 * at + i))]);
    }
  }
  const inputs = images.map((_, i) =>
    Object.fromEntries(taken.map(([name, values]) => [name, must(values[i], `${name} of image ${i}`)])),
  );
  return { inputs, drawn };
}

/** A condition of every image, as large as its size asks for. */
function conditions(
  dims: Shape,
  images: readonly Values[],
  draw: (shape: readonly number[], image: number) => Promise<Float32Array>,
): Promise<readonly Values[]> {
  return Promise.all(
    images.map(async ({ shape: [, , height, width] }, i) => {
      const shape = evaluateShape(dims, { N: 1, H: must(height, "an image's height"), W: must(width, "an image's width") });
      return { shape, data: await draw(shape, i) };
    }),
  );
}

function isImage(dims: Shape, images: readonly Values[]): boolean {
  const channels = images[0]?.shape[1];
  return channels === undefined || sameShape(dims, shapeOf("N", channels, "H", "W"));
}

function uncalibrated(graph: OnnxGraph, input: string): UserError {
  return new UserError({
    what: `${graph.name} takes ${input}, which is no image and which no other part gives: there is nothing to calibrate it on`,
    expected: "inputs that are images, or outputs of other parts",
    found: graph.inputs.map(({ name, dims }) => `${name} ${formatShape(dims)}`).join(", "),
    help: `leave ${graph.name} out of --parts, or compile it with --precision fp32`,
  });
}

/** The report for people. */
export function describeHalf({ graph: { name: part }, report }: Half): Note {
  const { nodes, declared, outOfRange, reach, worstError, drawn } = report;
  const shown = reach.slice(0, 10).map(({ name, max }) => `${name} ${magnitude(max)}`);
  return {
    what:
      `${part} in fp16: ${declared + outOfRange} of ${nodes} nodes stay float32, ${declared} for what they compute ` +
      `(statistics, attention, sums), ${outOfRange} for values that leave fp16's range`,
    module: part,
    found: [
      `${part} in fp16: worst error against fp32 ${worstError.toExponential(2)}`,
      ...shown,
      ...(reach.length > 10 ? [`… and ${reach.length - 10} more`] : []),
      ...(drawn.length === 0 ? [] : [`${drawn.join(", ")} drawn from a normal distribution`]),
    ].join("\n"),
  };
}

/** Of what stays float32 for its size. */
function magnitude(value: number): string {
  return value < 1
    ? `is at most ${value.toExponential(2)}, too small for fp16`
    : `reaches ${value.toLocaleString("en", { maximumFractionDigits: 0 })}, too large for fp16`;
}

/** The largest magnitude of each tensor and weight over all images; of integers and inputs that are left out, which leave no range, 0. */
function maximaOf(graph: OnnxGraph, tensors: readonly string[], results: readonly NamedValues[]): ReadonlyMap<string, number> {
  const given = [...graph.initializers.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs)];
  const reached = new Map(["", ...given].map((tensor) => [tensor, 0]));
  tensors.forEach((tensor, i) => {
    const measured = results.map((result) => must(result[maximumName(i)]?.data[0], `the largest magnitude of ${tensor}`));
    reached.set(tensor, Math.max(...measured));
  });
  for (const { name, dtype, dims, load } of graph.initializers) {
    if (dtype !== "float32") continue;
    const bytes = load();
    let max = 0;
    for (const value of new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4))
      max = Math.max(max, Math.abs(value));
    // Small biases and scales do no harm by themselves: where they matter, what is computed with them is small too.
    reached.set(name, dims.length === 1 && max < 1 ? 0 : max);
  }
  return reached;
}

interface Kept {
  readonly declared: readonly string[];
  readonly outOfRange: readonly string[];
}

function float32Nodes(graph: OnnxGraph, maxima: ReadonlyMap<string, number>): Kept {
  const fits = (tensor: string): boolean => fitsHalf(must(maxima.get(tensor), `the largest magnitude of ${tensor}`));
  const declared = graph.nodes.filter((node) => node.precise === true);
  const outOfRange = graph.nodes.filter((node) => node.precise !== true && ![...node.inputs, ...node.outputs].every(fits));
  const names = (nodes: readonly OnnxNode[]): readonly string[] => nodes.map((node) => node.name);
  return { declared: names(declared), outOfRange: names(outOfRange) };
}

function reachOf(graph: OnnxGraph, maxima: ReadonlyMap<string, number>): HalfReport["reach"] {
  const max = (tensor: string): number => must(maxima.get(tensor), `the largest magnitude of ${tensor}`);
  // A node that hands a value on, such as a Reshape, says nothing new.
  const passed = graph.nodes.flatMap((node) =>
    node.outputs.filter((output) => node.inputs.some((input) => max(input) === max(output))),
  );
  const isPassed = new Set(passed);
  const sources = [
    ...graph.inputs.map(({ name }) => ({ name, tensors: [name] })),
    ...graph.initializers.map(({ name }) => ({ name, tensors: [name] })),
    ...graph.nodes.map(({ name, outputs }) => ({ name, tensors: outputs.filter((output) => !isPassed.has(output)) })),
  ];
  return sources
    .map(({ name, tensors }) => ({ name, max: Math.max(0, ...tensors.map(max)) }))
    .filter((source) => !fitsHalf(source.max))
    .sort((a, b) => b.max - a.max);
}

function outputOf(results: NamedValues | undefined, name: string): Float32Array {
  return must(results?.[name], `the output ${name} of a graph`).data;
}

function relativeError(expected: Float32Array, found: Float32Array): number {
  let [difference, largest] = [0, 0];
  for (const [i, value] of expected.entries()) {
    const delta = Math.abs((found[i] as number) - value);
    // Not Math.max alone: NaN must come out as an error without bound.
    difference = Number.isNaN(delta) ? Infinity : Math.max(difference, delta);
    largest = Math.max(largest, Math.abs(value));
  }
  return difference === 0 ? 0 : difference / largest;
}

function expectBelowLimit(graph: OnnxGraph): void {
  const bytes = graph.initializers.reduce((sum, initializer) => sum + initializerBytes(initializer), 0);
  if (bytes < protobufLimit) return;
  throw new UserError({
    what: `${graph.name} is too large to calibrate`,
    expected: "less than 2 GiB of weights",
    found: `${bytes.toLocaleString("en")} bytes`,
    help: "compile it with --precision fp32",
  });
}

function expectFinite(graph: OnnxGraph, name: string, values: Values | undefined): void {
  if (values?.data.every(Number.isFinite) === true) return;
  throw new UserError({
    what: `${graph.name} gives NaN or infinity in float32 already, in ${name}`,
    expected: "finite outputs for the calibration images",
    help: "check the weights: compile without --precision fp16, and litevae run an image",
  });
}
