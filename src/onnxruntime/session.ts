import { nearest, UsageError, UserError } from "../errors/index.ts";
import { missingPackage } from "../errors/missing-package.ts";
import { memoryFault } from "../errors/memory.ts";
import type { InferenceSession, Tensor } from "onnxruntime-node";

/** A loaded graph: give it its inputs, get its outputs, by their names. */
export interface Graph {
  readonly inputs: readonly string[];
  run(inputs: GraphValues): Promise<GraphValues>;
  release(): Promise<void>;
}

export type GraphValues = Readonly<Record<string, GraphValue>>;

export interface GraphValue {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What onnxruntime is to run a graph on; its own choice where nothing is said. */
export interface Placement {
  /** An execution provider. */
  readonly provider?: string | undefined;
  readonly threads?: number | undefined;
  /** Runs the nodes as they stand. To optimise a graph of many outputs takes onnxruntime far longer than to run it. */
  readonly asWritten?: boolean | undefined;
}

/** Loads an ONNX file, or the bytes of one, into onnxruntime. */
export async function loadGraph(model: string | Uint8Array, { provider, threads, asWritten }: Placement = {}): Promise<Graph> {
  const runtime = await importRuntime();
  const settings: InferenceSession.SessionOptions = {
    ...(provider === undefined ? {} : { executionProviders: [provider] }),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(asWritten === true ? { graphOptimizationLevel: "disabled" } : {}),
  };
  let session: InferenceSession;
  try {
    session = await (typeof model === "string"
      ? runtime.InferenceSession.create(model, settings)
      : runtime.InferenceSession.create(model, settings));
  } catch (error) {
    const short = memoryFault(error);
    if (short !== undefined) throw short;
    throw new UserError({
      what: `onnxruntime does not load ${typeof model === "string" ? model : "the graph"}`,
      found: (error as Error).message.split("\n")[0],
      help: "compile the model again",
    });
  }
  return {
    inputs: session.inputNames,
    async run(inputs) {
      const tensors = Object.entries(inputs).map(
        ([name, { data, shape }]) => [name, new runtime.Tensor("float32", data, shape)] as const,
      );
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, output(tensor)]));
    },
    release: () => session.release(),
  };
}

function output(tensor: Tensor): GraphValue {
  return { shape: tensor.dims, data: tensor.data as Float32Array };
}

/** onnxruntime itself; its libraries are loaded with it. */
export async function importRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    throw (
      missingPackage(error) ??
      new UserError({
        what: "onnxruntime-node does not load",
        found: (error as Error).message.split("\n")[0],
        help: "npm install onnxruntime-node",
      })
    );
  }
}

/** UsageError where onnxruntime does not support one of these execution providers. */
export function checkProviders(wanted: readonly string[], supported: readonly string[]): void {
  const unknown = wanted.find((provider) => !supported.includes(provider));
  if (unknown === undefined) return;
  const meant = nearest(unknown, supported);
  throw new UsageError({
    what: `onnxruntime has no provider ${unknown} on this system`,
    expected: supported.join(", "),
    found: unknown,
    help: meant === undefined ? "choose from these, or leave --provider out" : `did you mean ${meant}?`,
  });
}
