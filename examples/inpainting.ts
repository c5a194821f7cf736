/**
 * An autoencoder that fills holes in: a mask says where, what is outside of it goes past the latent, as the image under the mask
 * (https://arxiv.org/abs/2306.04632) and as a skip of the encoder. Encoder and decoder share the block `middle`, which has one set of weights.
 */
import {
  add,
  block,
  concat,
  conv2d,
  groupNorm,
  layers,
  model,
  mul,
  repeatInterleave,
  silu,
  stages,
  sub,
  upsample,
  type Feature,
} from "litevae/dsl";

const Residual = block("Residual", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels, groups: 4 }), conv: conv2d({ in: channels, out: channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

/** The image with 0 where the mask is 1. */
const outside = (image: Feature<3, 1>, mask: Feature<1, 1>): Feature<3, 1> =>
  mul(image, sub(1, repeatInterleave(mask, { repeats: 3 })));

const Encoder = block("Encoder", () => {
  const { conv_in, down, deep } = layers({
    conv_in: conv2d({ in: 4, out: 16 }),
    down: conv2d({ in: 16, out: 16, kernel: 2, stride: 2 }),
    deep: conv2d({ in: 16, out: 32, kernel: 2, stride: 2 }),
  });
  return (image: Feature<3, 1>, { mask }: { mask: Feature<1, 1> }) => {
    const skip = silu(down(silu(conv_in(concat(outside(image, mask), mask)))));
    return { deepest: deep(skip), skip };
  };
});

const Decoder = block("Decoder", () => {
  const { up, fine, conv_out } = layers({
    up: conv2d({ in: 32, out: 16 }),
    fine: conv2d({ in: 32, out: 16 }),
    conv_out: conv2d({ in: 20, out: 3 }),
  });
  return (
    x: Feature<32, 4>,
    { skip, original, mask }: { skip: Feature<16, 2>; original: Feature<3, 1>; mask: Feature<1, 1> },
  ): Feature<3, 1> => {
    const half = silu(fine(concat(upsample(up(x), { factor: 2 }), skip)));
    const known = outside(original, mask);
    return conv_out(concat(upsample(half, { factor: 2 }), concat(known, mask)));
  };
});

const middle = Residual({ channels: 32 });
const encoder = Encoder();
const decoder = Decoder();
const quant_conv = conv2d({ in: 32, out: 8, kernel: 1 });
const post_quant_conv = conv2d({ in: 4, out: 32, kernel: 1 });

export default model({
  latentChannels: 4,
  conditions: { mask: { channels: 1 } },
  encoder: stages({ encoder, middle, quant_conv }, (image: Feature<3, 1>, { mask }: { mask: Feature<1, 1> }) => {
    const { deepest, skip } = encoder(image, { mask });
    return { moments: quant_conv(middle(deepest)), skip };
  }),
  decoder: stages(
    { post_quant_conv, middle, decoder },
    (latent: Feature<4, 4>, given: { skip: Feature<16, 2>; original: Feature<3, 1>; mask: Feature<1, 1> }) =>
      decoder(middle(post_quant_conv(latent)), given),
  ),
});
