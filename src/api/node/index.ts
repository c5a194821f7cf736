/**
 * `litevae/api/node`: all of `litevae/api`, and what needs a disk, processes or onnxruntime. `compile` and `check` are those of Node: they know the files of the
 * installation and of models.
 */
export * from "../index.ts";
export { check, type CheckOptions } from "./check.ts";
export { compile, compileTo, type CompiledFolder, type CompileToOptions, type NodeCompileOptions } from "./compile.ts";
export { installation } from "./installation.ts";
export { loadModel, type LoadOptions } from "./load-model.ts";
export { loadRecipe } from "./load-recipe.ts";
export { measure, type MeasureOptions } from "./measure.ts";
export { search, type NodeSearchOptions } from "./search.ts";
export { comparisonPage, report, searchPage, type Page } from "./pages.ts";
export { requireVerified, verify, type Verified, type VerifyOptions } from "./verify.ts";
export type { Recipe } from "../../recipe/schema.ts";
export type { Benchmark, BenchmarkRow } from "../../report/benchmark.ts";
