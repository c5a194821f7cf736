/** A user's block in a model small enough to read. */
import { block, conv2d, layers, model, upsample, type Feature } from "../../dsl/authoring.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";

type FeatureMap = Feature<number, number>;
type Layer = (x: FeatureMap) => FeatureMap;

/** model.py of an encoder: image → `body`'s 16 channels → latent. */
export function sourceOf(body: Layer, stride = 1): string {
  const Encoder = block("Encoder", () => {
    const { stem, inner, head } = layers({ stem: conv2d({ in: 3, out: 16 }), inner: body, head: conv2d({ in: 16, out: 4 }) });
    return (image: FeatureMap) => head(inner(stem(image as Feature<3, 1>)) as Feature<16, 1>);
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 2, out: 3 }) });
    return (latent: FeatureMap): FeatureMap => upsample(conv(latent as Feature<2, 1>), { factor: stride });
  });
  return modelPy(model<number>({ name: "rules", latentChannels: 2, encoder: Encoder(), decoder: Decoder() }));
}
