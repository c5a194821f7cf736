/** The attention block of DC-AE in the DSL, under the keys of diffusers' AutoencoderDC and equal to it. */
// @module-tag python
import { test } from "vitest";
import {
  add,
  block,
  concat,
  conv2d,
  groupedChunk,
  layers,
  linear,
  linearAttention,
  rmsNorm,
  type Feature,
} from "../../dsl/authoring.ts";
import { networkBeside } from "../../dsl/network.ts";
import { must } from "../../src/errors/must.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { expectClose } from "../support/close.ts";
import { encodePart, opsets, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomState, randomTensor } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

type FeatureMap = Feature<number, number>;

const Projection = block("Projection", ({ channels, groups, kernel }: { channels: number; groups: number; kernel: number }) => {
  const l = layers({
    proj_in: conv2d({ in: channels, out: channels, kernel, groups: channels, bias: false }),
    proj_out: conv2d({ in: channels, out: channels, kernel: 1, groups, bias: false }),
  });
  return (x: FeatureMap): FeatureMap => l.proj_out(l.proj_in(x));
});

const MultiscaleAttention = block("MultiscaleAttention", (config: { channels: number; size: number; kernel: number }) => {
  const { channels, size, kernel } = config;
  const heads = channels / size;
  const project = { in: channels, out: channels, bias: false } as const;
  const l = layers({
    to_q: linear(project),
    to_k: linear(project),
    to_v: linear(project),
    to_qkv_multiscale: [Projection({ channels: 3 * channels, groups: 3 * heads, kernel })],
    to_out: linear({ in: 2 * channels, out: channels, bias: false }),
    norm_out: rmsNorm({ channels, eps: 1e-5, bias: true }),
  });
  return (x: FeatureMap): FeatureMap => {
    const qkv = concat(l.to_q(x), l.to_k(x), l.to_v(x));
    const scales = concat(qkv, ...l.to_qkv_multiscale.map((projection) => projection(qkv)));
    const [q, k, v] = groupedChunk(scales, { chunks: 3, groups: 2 * heads });
    return add(l.norm_out(l.to_out(linearAttention(q, k, v, { heads: 2 * heads }))), x);
  };
});

test.each([
  [7, 5],
  // diffusers multiplies in the other order where there are fewer positions than channels in a head.
  [1, 3],
])("equals diffusers at random weights, %d×%d positions", async (height, width) => {
  const attention = networkBeside({
    name: "attention",
    inputs: [{ channels: 16 }],
    block: MultiscaleAttention({ channels: 16, size: 4, kernel: 5 }),
  });
  const random = randomOf(11);
  const params = [...paramsOf(attention.modules)];
  const state = Object.fromEntries(
    params.map((param) => [param.path, must(randomState([param], random)[param.role], param.path)]),
  );
  const x = randomTensor([2, 16, height, width], random);
  const reference = await torch().module(
    `__import__("diffusers.models.attention_processor", fromlist=["_"]).SanaMultiscaleLinearAttention(16, 16, attention_head_dim=4, norm_type="rms_norm", residual_connection=True)`,
    [x],
    state,
  );
  for (const opset of opsets) {
    const found = await runOnnx(
      encodePart(attention, ({ path }) => must(state[path], path), opset),
      { x },
    );
    expectClose(must(found["output"], "the output"), must(reference.outputs[0], "the reference"), 1e-5);
  }
});
