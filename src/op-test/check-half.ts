/** The check of one use of an op in float16: its ONNX form loads there, and is near to float32. */
import { must } from "../errors/must.ts";
import type { Op } from "../ir/op.ts";
import { floats, type Tensor } from "../ir/tensor.ts";
import type { OnnxGraph } from "../targets/onnx/graph.ts";
import { half, rounded, runGraphPasses } from "../targets/onnx/passes/index.ts";
import type { OpUse } from "./check-use.ts";
import { OpFault } from "./fault.ts";
import { loader, oneOpPart, symbolicShapes } from "./one-op.ts";
import { drawnFrom, randomOf, randomState, randomTensor } from "./random.ts";
import { encodeGraph, graphOf, opsets, runOnnx } from "./run-onnx.ts";

/** The largest difference that float16 may make, of the largest value. */
const tolerance = 1e-2;

/**
 * The graph with all but the `precise` operators in float16: as a runtime runs it that computes so in float32, and with every value rounded. `steps` is the share of
 * values that may be elsewhere: what rounds or compares may take another step.
 */
export async function checkHalf(op: Op, { attrs, inputs: shapes }: OpUse, seed: number, steps = 0): Promise<void> {
  const random = randomOf(seed);
  const state = randomState(op.params?.(attrs) ?? [], random);
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, randomTensor(shape, random, drawnFrom(op))]));
  const opset = must(opsets[0], "an operator set");
  const graph = graphOf(oneOpPart(op, attrs, symbolicShapes(shapes).shapes), loader(state), opset);
  const run = (each: OnnxGraph): Promise<Readonly<Record<string, Tensor>>> => runOnnx(encodeGraph(each, opset), inputs);
  const precise = graph.nodes.filter((node) => node.precise === true).map(({ name }) => name);
  const halved = runGraphPasses(graph, [half(new Set(precise))]);
  const expected = await run(graph);
  for (const each of [halved, runGraphPasses(halved, [rounded])]) {
    const found = await run(each);
    for (const { name } of graph.outputs) expectNear(found[name], must(expected[name], name), name, steps);
  }
}

function expectNear(found: Tensor | undefined, expected: Tensor, name: string, steps: number): void {
  const [values, others] = [floats(expected), floats(must(found, name))];
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const far = Array.from(values, (value, i) => Math.abs(value - Number(others[i]))).filter(
    (error) => !(error < tolerance * scale),
  );
  if (far.length <= Math.ceil(steps * values.length)) return;
  const most = Math.max(...far);
  throw new OpFault(
    `output ${name.slice(1)} in float16 differs from float32 by ${most.toPrecision(3)}, where values go to ${scale.toPrecision(3)}: name the operators that float16 is not enough for in precise`,
  );
}
