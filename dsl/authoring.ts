/** `litevae/dsl`: everything to write an architecture of one's own. */
export { channelCount, add, attention, avgPool2d, chunk, clamp, concat, globalPool, haarDwt, haarIdwt, leakyRelu, maxPool2d, mul } from "./functions.ts";
export { pad, pixelUnshuffle, relu, scale, sigmoid, silu, slice, tanh, upsample } from "./functions.ts";
export { batchNorm2d, conv2d, defaultGroups, dropout, groupNorm, linear, smcConv2d, spectralConv2d, spectralLinear } from "./layers.ts";
export type { ConvConfig, Linear, LinearConfig } from "./layers.ts";
export type { Add, Feature, FourTimes, Over, Sum, Times, Vector } from "./feature.ts";
export { model, stages, type Discriminated, type ModelConfig } from "./model.ts";
export { block, layers } from "./tracing.ts";
export type { Model } from "../src/ir/model.ts";
