/** Every op, by name. Adding one adds its file, its line here and its typed constructor in dsl/. */
import { abs } from "./abs.ts";
import { adaptiveAvgPool2d } from "./adaptive-avg-pool2d.ts";
import { adaptiveMaxPool2d } from "./adaptive-max-pool2d.ts";
import { add } from "./add.ts";
import { asMap } from "./as-map.ts";
import { attention } from "./attention.ts";
import { avgPool2d } from "./avg-pool2d.ts";
import { batchNorm2d } from "./batch-norm2d.ts";
import { blur } from "./blur.ts";
import { channelMean } from "./channel-mean.ts";
import { chunk } from "./chunk.ts";
import { clamp } from "./clamp.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { conv2d } from "./conv2d.ts";
import { convTranspose2d } from "./conv-transpose2d.ts";
import { div } from "./div.ts";
import { dropout } from "./dropout.ts";
import { elu } from "./elu.ts";
import { equalizedConv2d } from "./equalized-conv2d.ts";
import { equalizedLinear } from "./equalized-linear.ts";
import { exp } from "./exp.ts";
import { fsq } from "./fsq.ts";
import { gelu } from "./gelu.ts";
import { globalPool } from "./global-pool.ts";
import { groupNorm } from "./group-norm.ts";
import { groupedChunk } from "./grouped-chunk.ts";
import { haarDwt } from "./haar-dwt.ts";
import { haarIdwt } from "./haar-idwt.ts";
import { hardSigmoid } from "./hard-sigmoid.ts";
import { hardSwish } from "./hard-swish.ts";
import { instanceNorm } from "./instance-norm.ts";
import { layerNorm } from "./layer-norm.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { linearAttention } from "./linear-attention.ts";
import { lfq } from "./lfq.ts";
import { linear } from "./linear.ts";
import { log } from "./log.ts";
import { matmul } from "./matmul.ts";
import { maxPool2d } from "./max-pool2d.ts";
import { minibatchStddev } from "./minibatch-stddev.ts";
import { mish } from "./mish.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import { pad } from "./pad.ts";
import { parameter } from "./parameter.ts";
import { pixelShuffle } from "./pixel-shuffle.ts";
import { pixelUnshuffle } from "./pixel-unshuffle.ts";
import { pow } from "./pow.ts";
import { prelu } from "./prelu.ts";
import { quickGelu } from "./quick-gelu.ts";
import { relativePositionBias } from "./relative-position-bias.ts";
import { relu } from "./relu.ts";
import { repeatInterleave } from "./repeat-interleave.ts";
import { resizeTo } from "./resize-to.ts";
import { resize } from "./resize.ts";
import { rmsNorm } from "./rms-norm.ts";
import { roundSte } from "./round-ste.ts";
import { rsqrt } from "./rsqrt.ts";
import { scale } from "./scale.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { sin } from "./sin.ts";
import { slice } from "./slice.ts";
import { smcConv2d } from "./smc-conv2d.ts";
import { snake } from "./snake.ts";
import { softmax } from "./softmax.ts";
import { softplus } from "./softplus.ts";
import { spectralConv2d } from "./spectral-conv2d.ts";
import { spectralLinear } from "./spectral-linear.ts";
import { split } from "./split.ts";
import { sqrt } from "./sqrt.ts";
import { stochasticDepth } from "./stochastic-depth.ts";
import { sub } from "./sub.ts";
import { tanh } from "./tanh.ts";
import { tokens } from "./tokens.ts";
import { untokens } from "./untokens.ts";
import { upsampleNearest } from "./upsample-nearest.ts";
import { vectorQuantizer } from "./vector-quantizer.ts";
import { windowAttention } from "./window-attention.ts";

export const ops = {
  abs,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  add,
  asMap,
  attention,
  avgPool2d,
  batchNorm2d,
  blur,
  channelMean,
  chunk,
  clamp,
  concat,
  constant,
  conv2d,
  convTranspose2d,
  div,
  dropout,
  elu,
  equalizedConv2d,
  equalizedLinear,
  exp,
  fsq,
  gelu,
  globalPool,
  groupNorm,
  groupedChunk,
  haarDwt,
  haarIdwt,
  hardSigmoid,
  hardSwish,
  instanceNorm,
  layerNorm,
  leakyRelu,
  lfq,
  linear,
  linearAttention,
  log,
  matmul,
  maxPool2d,
  minibatchStddev,
  mish,
  mul,
  neg,
  pad,
  parameter,
  pixelShuffle,
  pixelUnshuffle,
  pow,
  prelu,
  quickGelu,
  relativePositionBias,
  relu,
  repeatInterleave,
  resize,
  resizeTo,
  rmsNorm,
  roundSte,
  rsqrt,
  scale,
  sigmoid,
  silu,
  sin,
  slice,
  smcConv2d,
  snake,
  softmax,
  softplus,
  spectralConv2d,
  spectralLinear,
  split,
  sqrt,
  stochasticDepth,
  sub,
  tanh,
  tokens,
  untokens,
  upsampleNearest,
  vectorQuantizer,
  windowAttention,
} as const;
