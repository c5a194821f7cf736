/** Every kind of quantization that the loss has terms of: entries that learn, entries that follow, and codes without a codebook. */
import {
  batchNorm2d,
  block,
  concat,
  conv2d,
  dropout,
  layers,
  lfq,
  model,
  upsample,
  vectorQuantizer,
  type Feature,
} from "litevae/dsl";

/** Without buffers: its activations can be computed twice. */
const Learned = block("Learned", () => {
  const l = layers({
    conv: conv2d({ in: 3, out: 4, stride: 2 }),
    codebook: vectorQuantizer({ channels: 4, codes: 8 }),
    codes: conv2d({ in: 4, out: 2 }),
  });
  return (image: Feature<3, 1>): Feature<6, 2> => {
    const x = l.codebook(l.conv(image));
    return concat(x, lfq(l.codes(x)));
  };
});

const Averaged = block("Averaged", () => {
  const l = layers({
    conv: conv2d({ in: 3, out: 3, stride: 2 }),
    norm: batchNorm2d({ channels: 3 }),
    drop: dropout({ rate: 0.1 }),
    codebook: vectorQuantizer({ channels: 3, codes: 6, decay: 0.9 }),
  });
  return (image: Feature<3, 1>): Feature<3, 2> => l.codebook(l.drop(l.norm(l.conv(image))));
});

const Encoder = block("Encoder", () => {
  const l = layers({ learned: Learned(), averaged: Averaged() });
  return (image: Feature<3, 1>): Feature<9, 2> => concat(l.learned(image), l.averaged(image));
});

const Decoder = block("Decoder", () => {
  const l = layers({ conv: conv2d({ in: 9, out: 3 }) });
  return (latent: Feature<9, 2>): Feature<3, 1> => l.conv(upsample(latent, { factor: 2 }));
});

const Discriminator = block("Discriminator", () => {
  const l = layers({ conv: conv2d({ in: 3, out: 1 }) });
  return (image: Feature<3, 1>): Feature<1, 1> => l.conv(image);
});

export default model({
  latentChannels: 9,
  posterior: "none",
  encoder: Encoder(),
  decoder: Decoder(),
  discriminator: Discriminator(),
});
