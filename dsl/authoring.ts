/** `litevae/dsl`: everything to write an architecture of one's own. */
export { add, attention, clamp, concat, leakyRelu, mul, relu, scale, sigmoid, silu, tanh } from "./functions.ts";
export { avgPool2d, blur, globalPool, haarDwt, haarIdwt, maxPool2d, pad, pixelUnshuffle, upsample } from "./functions.ts";
export { channelCount, chunk, minibatchStddev, slice } from "./functions.ts";
export {
  batchNorm2d,
  conv2d,
  dropout,
  equalizedConv2d,
  equalizedLinear,
  groupNorm,
  linear,
  smcConv2d,
  spectralConv2d,
  spectralLinear,
} from "./layers.ts";
export type { ConvConfig, Linear, LinearConfig } from "./layers.ts";
export { defaultGroups } from "../src/ops/group-norm.ts";
export type { Add, Feature, FourTimes, Over, Sum, Times, Vector } from "./feature.ts";
export { model, stages, type Discriminated, type ModelConfig } from "./model.ts";
export { block, layers } from "./tracing/block.ts";
export type { Model } from "../src/ir/model.ts";
export { recipe } from "./recipe.ts";
export type { Recipe, RecipeInput } from "../src/recipe/schema.ts";
