/** Every op, by name. Adding one adds its file, its line here and its typed constructor in dsl/. */
import { add } from "./add.ts";
import { attention } from "./attention.ts";
import { avgPool2d } from "./avg-pool2d.ts";
import { batchNorm2d } from "./batch-norm2d.ts";
import { blur } from "./blur.ts";
import { chunk } from "./chunk.ts";
import { clamp } from "./clamp.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { dropout } from "./dropout.ts";
import { equalizedConv2d } from "./equalized-conv2d.ts";
import { equalizedLinear } from "./equalized-linear.ts";
import { globalPool } from "./global-pool.ts";
import { groupNorm } from "./group-norm.ts";
import { haarDwt } from "./haar-dwt.ts";
import { haarIdwt } from "./haar-idwt.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { linear } from "./linear.ts";
import { maxPool2d } from "./max-pool2d.ts";
import { minibatchStddev } from "./minibatch-stddev.ts";
import { mul } from "./mul.ts";
import { pad } from "./pad.ts";
import { pixelUnshuffle } from "./pixel-unshuffle.ts";
import { relu } from "./relu.ts";
import { scale } from "./scale.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { slice } from "./slice.ts";
import { smcConv2d } from "./smc-conv2d.ts";
import { spectralConv2d } from "./spectral-conv2d.ts";
import { spectralLinear } from "./spectral-linear.ts";
import { tanh } from "./tanh.ts";
import { upsampleNearest } from "./upsample-nearest.ts";

export const ops = {
  add,
  attention,
  avgPool2d,
  batchNorm2d,
  blur,
  chunk,
  clamp,
  concat,
  conv2d,
  dropout,
  equalizedConv2d,
  equalizedLinear,
  globalPool,
  groupNorm,
  haarDwt,
  haarIdwt,
  leakyRelu,
  linear,
  maxPool2d,
  minibatchStddev,
  mul,
  pad,
  pixelUnshuffle,
  relu,
  scale,
  sigmoid,
  silu,
  slice,
  smcConv2d,
  spectralConv2d,
  spectralLinear,
  tanh,
  upsampleNearest,
} as const;
