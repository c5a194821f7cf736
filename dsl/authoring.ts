/** `litevae/dsl`: everything to write an architecture of one's own. Nothing of Node and no zod is behind it: recipes are of `litevae`. */
export * from "./functions/index.ts";
export * from "./layers/index.ts";
export { defaultGroups } from "../src/ops/group-norm.ts";
export type {
  Add,
  Chunks,
  Difference,
  Feature,
  FeatureMap,
  FourTimes,
  Minus,
  Multiple,
  Over,
  Parameter,
  Part,
  Plus,
  Product,
  Quotient,
  Scalar,
  Sum,
  Times,
  FeatureOrVector,
  TokenChunks,
  Tokens,
  Vector,
  VectorChunks,
} from "./feature.ts";
export { model, type Discriminated, type Encoded, type ModelConfig } from "./model.ts";
export { searchable } from "./searchable.ts";
export { stages } from "./stages.ts";
export type { BesideLatent, Conditions, FurtherOutputs, GivenConditions } from "./beside.ts";
export type { Given, MapInput, VectorInput } from "./inputs.ts";
export { network, type NetworkConfig, type NetworkInput } from "./network.ts";
export type { Moments, MomentsName, PosteriorKind } from "./posterior.ts";
export { block, layers } from "./tracing/block.ts";
export { over, plus, times } from "./widths.ts";
export { zip } from "./zip.ts";
export type { Model, Setting } from "../src/ir/model.ts";
