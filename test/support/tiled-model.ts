/** Nothing in it sees the whole image. Its widest value has twelve channels of the image's size: 192 MiB of 2048². */
export const tiledModel = `import { block, conv2d, layers, model, silu, upsample, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", () => {
  const { down } = layers({ down: conv2d({ in: 3, out: 4, kernel: 8, stride: 8 }) });
  return (image: Feature<3, 1>): Feature<4, 8> => down(image);
});

const Decoder = block("Decoder", () => {
  const { first, second, out } = layers({
    first: conv2d({ in: 4, out: 12 }),
    second: conv2d({ in: 12, out: 12 }),
    out: conv2d({ in: 12, out: 3, kernel: 1 }),
  });
  return (z: Feature<4, 8>): Feature<3, 1> => out(silu(upsample(second(silu(first(z))), { factor: 8 })));
});

export default model({ latentChannels: 4, posterior: "none", encoder: Encoder(), decoder: Decoder() });
`;
