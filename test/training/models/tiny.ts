/** Small enough to train for many steps in a test, with everything that makes training hard: dropout, self-modulation, spectral norm. */
import {
  add,
  block,
  conv2d,
  dropout,
  globalPool,
  groupNorm,
  haarDwt,
  layers,
  model,
  relu,
  silu,
  smcConv2d,
  spectralConv2d,
  spectralLinear,
  upsample,
  type Feature,
  type Model,
  type Vector,
} from "litevae/dsl";

const Encoder = block("Encoder", ({ rate }: { rate: number }) => {
  const { stem, norm, drop, conv, head } = layers({
    stem: conv2d({ in: 12, out: 16 }),
    norm: groupNorm({ channels: 16 }),
    ...(rate > 0 ? { drop: dropout({ rate }) } : {}),
    conv: conv2d({ in: 16, out: 16 }),
    head: conv2d({ in: 16, out: 8 }),
  });
  return (image: Feature<3, 1>): Feature<8, 2> => {
    const x = stem(haarDwt(image, { scale: 0.5 }).bands);
    const h = silu(norm(x));
    return head(add(x, conv(drop === undefined ? h : drop(h))));
  };
});

const Residual = block("Residual", () => {
  const { conv1, conv2 } = layers({ conv1: smcConv2d({ in: 16, out: 16 }), conv2: smcConv2d({ in: 16, out: 16 }) });
  return (x: Feature<16, 2>): Feature<16, 2> => add(x, conv2(silu(conv1(silu(x)))));
});

const Decoder = block("Decoder", () => {
  const { stem, blocks, head } = layers({
    stem: conv2d({ in: 4, out: 16 }),
    blocks: [Residual(), Residual()],
    head: conv2d({ in: 16, out: 3 }),
  });
  return (latent: Feature<4, 2>): Feature<3, 1> => {
    const x = blocks.reduce((h, residual) => residual(h), stem(latent));
    return head(upsample(x, { factor: 2 }));
  };
});

const Discriminator = block("Discriminator", () => {
  const { conv1, conv2, pixel, whole } = layers({
    conv1: spectralConv2d({ in: 3, out: 8 }),
    conv2: spectralConv2d({ in: 8, out: 8 }),
    pixel: conv2d({ in: 8, out: 1, kernel: 1 }),
    whole: spectralLinear({ in: 8, out: 1 }),
  });
  return (image: Feature<3, 1>): { pixel_logits: Feature<1, 1>; global_logit: Vector<1> } => {
    const x = conv2(relu(conv1(image)));
    return { pixel_logits: pixel(x), global_logit: whole(globalPool(relu(x), { reduction: "mean" })) };
  };
});

export const tiny = (rate: number): Model =>
  model({ latentChannels: 4, encoder: Encoder({ rate }), decoder: Decoder(), discriminator: Discriminator() });

export default tiny(0.1);
