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

/** Loads an ONNX file, or the bytes of one, into onnxruntime. */
export async function loadGraph(model: string | Uint8Array): Promise<Graph> {
  const runtime = await importRuntime();
  let session: InferenceSession;
  try {
    session = await (typeof model === "string" ? runtime.InferenceSession.create(model) : runtime.InferenceSession.create(model));
  } catch (error) {
    throw new UserError({
      what: `onnxruntime does not load ${typeof model === "string" ? model : "the graph"}`,
      found: (error as Error).message.split("\n")[0],
      help: "compile the model again",
    });
  }
  const [input = ""] = session.inputNames;
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

async function importRuntime(): Promise<typeof import("onnxruntime-node")> {
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
