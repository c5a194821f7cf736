/**
 * An autoencoder with a learned codebook (arXiv:1711.00937): every position of the latent is one of 512 entries, which follow the encoder as moving averages.
 * `npx litevae compile examples/vq.ts -o out/vq --target onnx,torch --recipe smoke` writes the recipe with the weight of the encoder's commitment to its entries.
 */
import { block, conv2d, groupNorm, layers, model, silu, upsample, vectorQuantizer, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", ({ base }: { base: number }) => {
  const l = layers({
    first: conv2d({ in: 3, out: base, stride: 2 }),
    norm: groupNorm({ channels: base }),
    second: conv2d({ in: base, out: 2 * base, stride: 2 }),
    to_latent: conv2d({ in: 2 * base, out: 4, kernel: 1 }),
    codebook: vectorQuantizer({ channels: 4, codes: 512, decay: 0.99 }),
  });
  return (image: Feature<3, 1>): Feature<4, 4> => l.codebook(l.to_latent(silu(l.second(silu(l.norm(l.first(image)))))));
});

const Decoder = block("Decoder", ({ base }: { base: number }) => {
  const l = layers({
    from_latent: conv2d({ in: 4, out: 2 * base }),
    second: conv2d({ in: 2 * base, out: base }),
    norm: groupNorm({ channels: base }),
    last: conv2d({ in: base, out: 3 }),
  });
  return (latent: Feature<4, 4>): Feature<3, 1> => {
    const x = silu(l.second(upsample(silu(l.from_latent(latent)), { factor: 2 })));
    return l.last(upsample(silu(l.norm(x)), { factor: 2 }));
  };
});

export default model({
  latentChannels: 4,
  posterior: "none",
  encoder: Encoder({ base: 32 }),
  decoder: Decoder({ base: 32 }),
});
