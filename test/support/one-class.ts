/** Blocks whose class is looked at under several configurations, and what they are made of. */
import { expect } from "vitest";
import { add, block, conv2d, groupNorm, layers, model, silu, upsample, type Feature, type Model } from "../../dsl/authoring.ts";
import { must } from "../../src/errors/must.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { expectClose } from "./close.ts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor } from "./random.ts";
import type { TorchServer } from "./torch-server.ts";

export type FeatureMap = Feature<number, number>;
export type Layer = (x: FeatureMap) => FeatureMap;
export type Numbers = readonly number[];

/** An encoder of a block from 16 channels to 16. */
function modelOf(body: Layer, stride = 1): Model {
  const Encoder = block("Encoder", () => {
    const { stem, inner, head } = layers({ stem: conv2d({ in: 3, out: 16 }), inner: body, head: conv2d({ in: 16, out: 4 }) });
    return (image: FeatureMap) => head(inner(stem(image as Feature<3, 1>)) as Feature<16, 1>);
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 2, out: 3 }) });
    return (latent: FeatureMap): FeatureMap => upsample(conv(latent as Feature<2, 1>), { factor: stride });
  });
  return model<number>({ name: "nested", latentChannels: 2, encoder: Encoder(), decoder: Decoder() });
}

/** model.py of an encoder: image → `body`'s 16 channels → latent. */
export const sourceOf = (body: Layer, stride?: number): string => modelPy(modelOf(body, stride));

/** The class of a block; that of every configuration is the same, and makes in PyTorch what the block makes of each of them. */
export async function classOf<C>(
  torch: TorchServer,
  create: (config: C) => Layer,
  configs: readonly C[],
  strideOf = (_: C): number => 1,
): Promise<string> {
  const split = (source: string): readonly [string, string] => {
    const at = source.indexOf("\nclass Encoder(");
    return [source.slice(0, at), source.slice(at)];
  };
  const models = configs.map((config) => modelOf(create(config), strideOf(config)));
  const texts = models.map((each) => split(modelPy(each)));
  const [[classes]] = texts as [readonly [string, string]];
  for (const [own] of texts) expect(own).toBe(classes);
  expect(classes).not.toMatch(/Made for|no rule is known/);
  for (const [i, each] of models.entries()) {
    const [, built] = texts[i]!;
    const encoder = each.parts[0]!;
    const weights = initialWeights(each.parts, 1);
    const params = [...paramsOf(each.parts.flatMap(({ modules }) => modules))];
    const state = Object.fromEntries(params.map((param) => [param.path, weights.load(param)]));
    const image = randomTensor([1, 3, 16, 16], randomOf(2));
    const [found, reference] = await Promise.all([
      runOnnx(
        encodePart(encoder, (param) => weights.load(param)),
        { image },
      ),
      torch.part(`${classes}${built}`, "encoder", [image], state),
    ]);
    encoder.outputNames.forEach((name, at) => expectClose(found[name]!, reference.outputs[at]!, 1e-4));
  }
  const name = must(/self\.inner = (\w+)\(/.exec(must(texts[0], "a model")[1])?.[1], "the class of the block");
  return `${classes.slice(classes.indexOf(`\nclass ${name}(`)).trimEnd()}\n`;
}

export const Residual = block("Residual", ({ channels }: { channels: number }) => {
  const l = layers({ norm: groupNorm({ channels }), conv: conv2d({ in: channels, out: channels }) });
  return (x: FeatureMap): FeatureMap => add(x, l.conv(silu(l.norm(x))));
});
export const Wide = block("Wide", (config: { in: number; out: number; attention?: boolean }) => {
  const { conv, shortcut, attn } = layers({
    conv: conv2d({ in: config.in, out: config.out }),
    ...(config.in === config.out ? {} : { shortcut: conv2d({ in: config.in, out: config.out, kernel: 1 }) }),
    ...(config.attention === true ? { attn: conv2d({ in: config.out, out: config.out, kernel: 1 }) } : {}),
  });
  return (x: FeatureMap): FeatureMap => {
    const h = add(silu(conv(x)), shortcut === undefined ? x : shortcut(x));
    return attn === undefined ? h : add(h, attn(h));
  };
});

export const repeated = (length: number, make: (j: number) => Layer): Layer[] => Array.from({ length }, (_, j) => make(j));
export const chain = (list: readonly Layer[], x: FeatureMap): FeatureMap => list.reduce((h, each) => each(h), x);
export const conv = (input: number, out: number, more: { kernel?: number; stride?: number } = {}): Layer =>
  conv2d({ in: input, out, ...more });

export interface Depths {
  readonly dims: Numbers;
  readonly depths: Numbers;
}
export const someDepths: readonly Depths[] = [
  { dims: [16, 32], depths: [2, 3] },
  { dims: [8, 24, 16], depths: [1, 2, 2] },
  { dims: [24], depths: [4] },
];
