/** ONNX in memory: a part through the passes to bytes, and bytes through onnxruntime. */
import type { Tensor as OrtTensor } from "onnxruntime-node";
import { importRuntime } from "../onnxruntime/session.ts";
import type { Audience } from "../targets/onnx/audience.ts";
import type { OnnxGraph } from "../targets/onnx/graph.ts";
import { irVersionOf, onnxPasses } from "../targets/onnx/options.ts";
import { must } from "../errors/must.ts";
import type { Param, Part } from "../ir/model.ts";
import { tensorOf, type Tensor } from "../ir/tensor.ts";
import { runPasses } from "../passes/index.ts";
import { lowerPart } from "../targets/onnx/lower.ts";
import { encodeModel } from "../targets/onnx/serde.ts";

/** Every operator set that `compile` offers. */
export const opsets: readonly number[] = Object.keys(irVersionOf).map(Number);

/** What `compile` writes of a part. */
export function graphOf(part: Part, load: (param: Param) => Tensor, opset: number, audience?: Audience): OnnxGraph {
  return lowerPart(runPasses(part, onnxPasses), load, opset, audience);
}

export function encodePart(part: Part, load: (param: Param) => Tensor, opset = 18, audience?: Audience): Uint8Array {
  return encodeGraph(graphOf(part, load, opset, audience), opset);
}

export function encodeGraph(graph: OnnxGraph, opset: number): Uint8Array {
  const info = {
    irVersion: must(irVersionOf[opset], `the IR version of operator set ${opset}`),
    producer: "litevae",
    producerVersion: "test",
    metadata: {},
  };
  return Buffer.concat([...encodeModel(graph, info)]);
}

/** Runs a model file in onnxruntime on the CPU: outputs by name. */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const runtime = await importRuntime();
  const session = await runtime.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  try {
    const feeds = Object.entries(inputs).map(([name, { data, shape }]) => [
      name,
      new runtime.Tensor("float32", data as Float32Array, shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds) as Record<string, OrtTensor>);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, tensorOf(dims, Float32Array.from(data as Float32Array))]),
    );
  } finally {
    await session.release();
  }
}
