import { must } from "../errors/must.ts";
import { UserError } from "../errors/index.ts";
import type { InferenceSession, Tensor } from "onnxruntime-node";

/** A loaded graph of one input: give it the values and shape, get its outputs by name. */
export interface Graph {
  run(data: Float32Array, shape: readonly number[]): Promise<Readonly<Record<string, GraphOutput>>>;
  release(): Promise<void>;
}

export interface GraphOutput {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What onnxruntime is to run a graph on; its own choice where nothing is said. */
export interface Placement {
  /** An execution provider. */
  readonly provider?: string | undefined;
  readonly threads?: number | undefined;
}

/** Loads an ONNX file, or the bytes of one, into onnxruntime. */
export async function loadGraph(model: string | Uint8Array, { provider, threads }: Placement = {}): Promise<Graph> {
  const runtime = await importRuntime();
  const settings: InferenceSession.SessionOptions = {
    ...(provider === undefined ? {} : { executionProviders: [provider] }),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
  let session: InferenceSession;
  try {
    session = await (typeof model === "string"
      ? runtime.InferenceSession.create(model, settings)
      : runtime.InferenceSession.create(model, settings));
  } catch (error) {
    throw new UserError({
      what: `onnxruntime does not load ${typeof model === "string" ? model : "the graph"}`,
      found: (error as Error).message.split("\n")[0],
      help: "compile the model again",
    });
  }
  const input = must(session.inputNames[0], "the graph's input");
  return {
    async run(data, shape) {
      const results = await session.run({ [input]: new runtime.Tensor("float32", data, shape) });
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, output(tensor)]));
    },
    release: () => session.release(),
  };
}

function output(tensor: Tensor): GraphOutput {
  return { shape: tensor.dims, data: tensor.data as Float32Array };
}

/** onnxruntime itself; its libraries are loaded with it. */
export async function importRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    throw new UserError({
      what: "onnxruntime-node does not load",
      found: (error as Error).message.split("\n")[0],
      help: "npm install onnxruntime-node",
    });
  }
}
