import { client } from "../client/target.ts";
import type { Target } from "../target.ts";
import { neededParts, onnxOptions, onnxPasses, type OnnxOptions, type OnnxResources } from "./options.ts";

/** ONNX graphs, and the client that runs them. */
export const onnx: Target<OnnxOptions, OnnxResources> = {
  name: "onnx",
  about: "graphs",
  options: onnxOptions,
  with: [client],
  passes: onnxPasses,
  needs: neededParts,
  prepare: async (compilation, given, resources) => (await import("./emit.ts")).prepareOnnx(compilation, given, resources),
};
