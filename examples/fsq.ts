/**
 * An autoencoder with finite scalar quantization (arXiv:2309.15505): every position of the latent is one of 8·5·5·5 = 1000 codes, and there is no codebook to train.
 * The package of `npx litevae compile examples/fsq.ts -o out/fsq --target onnx,torch --recipe smoke` trains it, without a term for a distribution.
 */
import { block, conv2d, fsq, groupNorm, layers, model, silu, upsample, type Feature } from "litevae/dsl";

const levels = [8, 5, 5, 5] as const;

const Encoder = block("Encoder", ({ base }: { base: number }) => {
  const l = layers({
    first: conv2d({ in: 3, out: base, stride: 2 }),
    norm: groupNorm({ channels: base }),
    second: conv2d({ in: base, out: 2 * base, stride: 2 }),
    to_latent: conv2d({ in: 2 * base, out: 4, kernel: 1 }),
  });
  return (image: Feature<3, 1>): Feature<4, 4> => fsq(l.to_latent(silu(l.second(silu(l.norm(l.first(image)))))), { levels });
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
