import * as z from "zod";
import { checkOnnx, onnxFields, type OnnxOptions } from "../onnx/options.ts";
import { onnx } from "../onnx/target.ts";
import type { Target } from "../target.ts";
import type { WebResources } from "./resources.ts";

/** A static folder: a page in which photographs go through the graphs, with all that it needs. */
export const web: Target<OnnxOptions, WebResources> = {
  name: "web",
  about: "a page that reconstructs photographs, its graphs within",
  options: z.strictObject({ ...onnxFields, for: onnxFields.for.default("web") }).superRefine(checkOnnx),
  with: [onnx],
  prepare: async (compilation, options, resources) => (await import("./emit.ts")).prepareWeb(compilation, options, resources),
};
