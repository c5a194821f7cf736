/** The IR as text: what dumps show and the model's hash is taken of. */
import { expect, test } from "vitest";
import {
  add,
  block,
  chunk,
  concat,
  conv2d,
  globalPool,
  groupNorm,
  haarDwt,
  haarIdwt,
  layers,
  leakyRelu,
  linear,
  model,
  pad,
  silu,
  smcConv2d,
  spectralConv2d,
  upsample,
  type Feature,
  type Vector,
} from "../../dsl/authoring.ts";
import { printModel } from "../../src/ir/print.ts";

const Residual = block("Residual", <C extends number>({ channels }: { readonly channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels }), conv: conv2d({ in: channels, out: channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

test("blocks in blocks, a block applied twice, a wavelet branch and a skip", () => {
  const Encoder = block("Encoder", () => {
    const { conv_in, bands_in, blocks, conv_out } = layers({
      conv_in: conv2d({ in: 3, out: 4, stride: 2 }),
      bands_in: conv2d({ in: 12, out: 4, kernel: 1 }),
      blocks: [Residual({ channels: 8 }), Residual({ channels: 8 })],
      conv_out: conv2d({ in: 8, out: 2, bias: false }),
    });
    return (image: Feature<3, 1>) => {
      const joined = concat(conv_in(image), bands_in(haarDwt(image, { scale: 0.5 }).bands));
      const h = blocks.reduce((x, residual) => residual(x), joined);
      return conv_out(add(h, joined));
    };
  });
  const Decoder = block("Decoder", () => {
    const { conv, twice } = layers({ conv: smcConv2d({ in: 1, out: 12 }), twice: Residual({ channels: 12 }) });
    return (latent: Feature<1, 2>): Feature<3, 1> => haarIdwt(twice(twice(conv(latent)))) as Feature<3, 1>;
  });
  const autoencoder = model({ name: "wavelet", latentChannels: 1, encoder: Encoder(), decoder: Decoder() });
  expect(printModel(autoencoder)).toMatchInlineSnapshot();
});

test("several outputs, vectors, sizes that need more than a division, and a discriminator", () => {
  const Encoder = block("Encoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 1, out: 2, kernel: 3, stride: 2, padding: 0 }) });
    return (image: Feature<1, 1>): Feature<2, 2> => conv(pad(image, { bottom: 1, right: 1 }));
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 1, out: 1 }) });
    return (latent: Feature<1, 2>): Feature<1, 1> => conv(upsample(latent, { factor: 2 }));
  });
  const Split = block("Split", () => {
    const { conv } = layers({ conv: spectralConv2d({ in: 1, out: 4, kernel: 4, padding: 1 }) });
    return (x: Feature<1, 1>) => {
      const [left, right] = chunk(leakyRelu(conv(x)), { chunks: 2 }) as [Feature<2, 1>, Feature<2, 1>];
      return { left, right };
    };
  });
  const Critic = block("Critic", () => {
    const { split, to_pixel, to_global } = layers({
      split: Split(),
      to_pixel: conv2d({ in: 2, out: 1, kernel: 1 }),
      to_global: linear({ in: 2, out: 1 }),
    });
    return (image: Feature<1, 1>): { pixel_logits: Feature<1, 1>; global_logit: Vector<1> } => {
      const { left, right } = split(image);
      return { pixel_logits: to_pixel(left), global_logit: to_global(globalPool(right, { reduction: "mean" })) };
    };
  });
  const autoencoder = model({
    name: "critic",
    imageChannels: 1,
    latentChannels: 1,
    encoder: Encoder(),
    decoder: Decoder(),
    discriminator: Critic(),
  });
  expect(printModel(autoencoder)).toMatchInlineSnapshot();
});
