/** `litevae/dsl`: everything to write an architecture of one's own. */
export * from "./functions/index.ts";
export * from "./layers/index.ts";
export { defaultGroups } from "../src/ops/group-norm.ts";
export type {
  Add,
  Chunks,
  Difference,
  Feature,
  FourTimes,
  Over,
  Parameter,
  Product,
  Quotient,
  Scalar,
  Sum,
  Times,
  FeatureOrVector,
  TokenChunks,
  Tokens,
  Vector,
} from "./feature.ts";
export { model, type Discriminated, type Encoded, type ModelConfig } from "./model.ts";
export { stages } from "./stages.ts";
export type { BesideLatent, Conditions, FurtherOutputs, GivenConditions } from "./beside.ts";
export type { Given, MapInput, VectorInput } from "./inputs.ts";
export { network, type NetworkConfig, type NetworkInput } from "./network.ts";
export type { Moments, MomentsName, PosteriorKind } from "./posterior.ts";
export { block, layers } from "./tracing/block.ts";
export type { Model } from "../src/ir/model.ts";
export { recipe } from "./recipe.ts";
export type { Recipe, RecipeInput } from "../src/recipe/schema.ts";
