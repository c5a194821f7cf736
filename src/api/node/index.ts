/**
 * `litevae/api/node`: all of `litevae/api`, and what needs a disk, processes or onnxruntime. `compile` and `check` are those of Node: they know the files of the
 * installation and of models.
 */
export * from "../index.ts";
export { check, type CheckOptions } from "./check.ts";
export { compile, compileTo, type CompiledFolder, type CompileToOptions, type NodeCompileOptions } from "./compile.ts";
export { encode, type EncodedFolder, type EncodedNow, type EncodeOptions } from "./encode.ts";
export { installation } from "./installation.ts";
export { loadModel, type LoadOptions } from "./load-model.ts";
export { loadRecipe } from "./load-recipe.ts";
export { measure, requireMeasured, type MeasureOptions } from "./measure.ts";
export { reconstruct, requireReconstructed, type Reconstructions, type ReconstructOptions } from "./reconstruct.ts";
export { search, type NodeSearchOptions } from "./search.ts";
export { comparisonPage, report, searchPage, type Page } from "./pages.ts";
export { requireVerified, verify, type Verified, type VerifyOptions } from "./verify.ts";
export type { Recipe } from "../../recipe/schema.ts";
export type { LatentsManifest } from "../../onnxruntime/latents/manifest.ts";
export type { Reconstruction } from "../../report/reconstruction.ts";
