/** Graphs for whomever they are: the same numbers, and parameters under their own names wherever that is promised. */
import { describe, expect, test } from "vitest";
import { add, block, conv2d, groupNorm, layers, model, silu, upsample, type Feature } from "litevae/dsl";
import type { Param, Part } from "../../src/ir/model.ts";
import { floats, type Tensor } from "../../src/ir/tensor.ts";
import { partOf } from "../../src/ir/walk.ts";
import { audienceNames, audiences, type AudienceName } from "../../src/targets/onnx/audience.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";
import { runPasses } from "../../src/passes/index.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { encodePart, opsets, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor } from "../support/random.ts";

const Encoder = block("Encoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 12, kernel: 2, stride: 2 }) });
  return (x: Feature<3, 1>) => conv(x);
});
const Decoder = block("Decoder", () => {
  const { begin, norm, up, out } = layers({
    begin: conv2d({ in: 6, out: 16, kernel: 3, padding: 1 }),
    norm: groupNorm({ channels: 16 }),
    up: conv2d({ in: 16, out: 16, kernel: 3, padding: 1 }),
    out: conv2d({ in: 16, out: 3, kernel: 3, padding: 1 }),
  });
  return (z: Feature<6, 2>) => {
    const x = begin(z);
    return out(up(upsample(add(x, silu(norm(x))), { factor: 2 })));
  };
});
const part = partOf(model({ name: "small", latentChannels: 6, encoder: Encoder(), decoder: Decoder() }), "decoder") as Part;
const weights = initialWeights([part], 3);
const load = (param: Param): Tensor => weights.load(param);

const lowered = (audience: AudienceName, opset: number): ReturnType<typeof lowerPart> =>
  lowerPart(runPasses(part, onnxPasses), load, opset, audiences[audience]);

test("the first is the default", () => {
  expect(lowerPart(runPasses(part, onnxPasses), load, 18).nodes).toEqual(lowered("portable", 18).nodes);
  expect(audienceNames[0]).toBe("portable");
});

test.each(audienceNames.flatMap((audience) => opsets.map((opset) => [audience, opset] as const)))(
  "for %s in operator set %d onnxruntime gives the same",
  async (audience, opset) => {
    const latent = randomTensor([2, 6, 5, 9], randomOf(4));
    const [expected, found] = await Promise.all(
      (["cpu", audience] as const).map(async (name) => {
        const { image } = await runOnnx(encodePart(part, load, name === audience ? opset : 18, audiences[name]), { latent });
        return floats(image as Tensor);
      }),
    );
    const largest = Math.max(1, ...(expected as Float32Array).map(Math.abs));
    for (const [i, value] of (expected as Float32Array).entries())
      expect(Math.abs(value - ((found as Float32Array)[i] as number))).toBeLessThan(1e-5 * largest);
  },
);

describe("weights of convolutions after an upsampling", () => {
  const own = (audience: AudienceName): readonly string[] => lowered(audience, 18).initializers.map(({ name }) => name);
  test.each(["portable", "gpu", "web"] as const)("keep the parameter's name for %s", (audience) => {
    expect(own(audience)).toContain("decoder.up.weight");
    expect(own(audience).filter((name) => name.startsWith("decoder.up.weight@"))).toEqual([]);
  });
  test("are split for cpu", () => {
    expect(own("cpu")).not.toContain("decoder.up.weight");
    expect(own("cpu").filter((name) => name.startsWith("decoder.up.weight@"))).toHaveLength(4);
  });
});

test("channels of zeros are there for those who may have WebGPU", () => {
  const padded = (audience: AudienceName): boolean => lowered(audience, 18).nodes.some(({ type }) => type === "Pad");
  expect(audienceNames.filter(padded)).toEqual(["portable", "web"]);
});

test("GroupNormalization is one operator for gpu from operator set 21 on", () => {
  const whole = (audience: AudienceName, opset: number): number =>
    lowered(audience, opset).nodes.filter(({ type }) => type === "GroupNormalization").length;
  expect(opsets.map((opset) => whole("gpu", opset))).toEqual([0, 0, 0, 1]);
  expect(audienceNames.map((audience) => whole(audience, 21))).toEqual([0, 0, 1, 0]);
});
