/** A decoder that takes a skip of the encoder and the image. */
import { add, block, conv2d, groupNorm, layers, model, silu, upsample, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", () => {
  const { first, norm, second } = layers({
    first: conv2d({ in: 3, out: 8, kernel: 2, stride: 2 }),
    norm: groupNorm({ channels: 8, groups: 4 }),
    second: conv2d({ in: 8, out: 8, kernel: 2, stride: 2 }),
  });
  return (image: Feature<3, 1>) => {
    const skip = silu(norm(first(image)));
    return { moments: second(skip), skip };
  };
});

const Decoder = block("Decoder", () => {
  const { first, second, third } = layers({
    first: conv2d({ in: 4, out: 8 }),
    second: conv2d({ in: 8, out: 3 }),
    third: conv2d({ in: 3, out: 3 }),
  });
  return (latent: Feature<4, 4>, { skip, original }: { skip: Feature<8, 2>; original: Feature<3, 1> }): Feature<3, 1> => {
    const x = second(silu(add(upsample(first(latent), { factor: 2 }), skip)));
    return third(add(upsample(x, { factor: 2 }), original));
  };
});

export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
