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
    return (latent: Feature<1, 2>): Feature<3, 1> => haarIdwt(twice(twice(conv(latent))));
  });
  const autoencoder = model({ name: "wavelet", latentChannels: 1, encoder: Encoder(), decoder: Decoder() });
  expect(printModel(autoencoder)).toMatchInlineSnapshot(`
    "model wavelet (image 3, latent 1, stride 2)
    encoder(image: [N, 3, H, W]):
      encoder: Encoder(image) -> %13: [N, 2, H/2, W/2]
        %0: [N, 4, H/2, W/2] = conv2d(image) {in: 3, out: 4, kernel: 3, stride: 2, dilation: 1, padding: 1, bias: true, groups: 1, paddingMode: "zeros"} @encoder.conv_in
        %1: [N, 12, H/2, W/2] = haarDwt(image) {scale: 0.5}
        %2: [N, 4, H/2, W/2] = conv2d(%1) {in: 12, out: 4, kernel: 1, stride: 1, dilation: 1, padding: 0, bias: true, groups: 1, paddingMode: "zeros"} @encoder.bands_in
        %3: [N, 8, H/2, W/2] = concat(%0, %2)
        encoder.blocks.0: Residual(%3) -> %7: [N, 8, H/2, W/2]
          %4: [N, 8, H/2, W/2] = groupNorm(%3) {channels: 8, groups: 2, eps: 0.00001} @encoder.blocks.0.norm
          %5: [N, 8, H/2, W/2] = silu(%4)
          %6: [N, 8, H/2, W/2] = conv2d(%5) {in: 8, out: 8, kernel: 3, stride: 1, dilation: 1, padding: 1, bias: true, groups: 1, paddingMode: "zeros"} @encoder.blocks.0.conv
          %7: [N, 8, H/2, W/2] = add(%3, %6)
        encoder.blocks.1: Residual(%7) -> %11: [N, 8, H/2, W/2]
          %8: [N, 8, H/2, W/2] = groupNorm(%7) {channels: 8, groups: 2, eps: 0.00001} @encoder.blocks.1.norm
          %9: [N, 8, H/2, W/2] = silu(%8)
          %10: [N, 8, H/2, W/2] = conv2d(%9) {in: 8, out: 8, kernel: 3, stride: 1, dilation: 1, padding: 1, bias: true, groups: 1, paddingMode: "zeros"} @encoder.blocks.1.conv
          %11: [N, 8, H/2, W/2] = add(%7, %10)
        %12: [N, 8, H/2, W/2] = add(%11, %3)
        %13: [N, 2, H/2, W/2] = conv2d(%12) {in: 8, out: 2, kernel: 3, stride: 1, dilation: 1, padding: 1, bias: false, groups: 1, paddingMode: "zeros"} @encoder.conv_out
      %14: [N, 1, H/2, W/2], %15: [N, 1, H/2, W/2] = chunk(%13) {chunks: 2}
      %16: [N, 1, H/2, W/2] = clamp(%15) {min: -30, max: 20}
      return mean = %14, logvar = %16
    decoder(latent: [N, 1, H/2, W/2]):
      decoder: Decoder(latent) -> %9: [N, 3, H, W]
        %0: [N, 12, H/2, W/2] = smcConv2d(latent) {in: 1, out: 12, kernel: 3, stride: 1, padding: 1, bias: true} @decoder.conv
        decoder.twice: Residual(%0) -> %4: [N, 12, H/2, W/2]
          %1: [N, 12, H/2, W/2] = groupNorm(%0) {channels: 12, groups: 3, eps: 0.00001} @decoder.twice.norm
          %2: [N, 12, H/2, W/2] = silu(%1)
          %3: [N, 12, H/2, W/2] = conv2d(%2) {in: 12, out: 12, kernel: 3, stride: 1, dilation: 1, padding: 1, bias: true, groups: 1, paddingMode: "zeros"} @decoder.twice.conv
          %4: [N, 12, H/2, W/2] = add(%0, %3)
        decoder.twice: Residual(%4) -> %8: [N, 12, H/2, W/2]
          %5: [N, 12, H/2, W/2] = groupNorm(%4) {channels: 12, groups: 3, eps: 0.00001} @decoder.twice.norm
          %6: [N, 12, H/2, W/2] = silu(%5)
          %7: [N, 12, H/2, W/2] = conv2d(%6) {in: 12, out: 12, kernel: 3, stride: 1, dilation: 1, padding: 1, bias: true, groups: 1, paddingMode: "zeros"} @decoder.twice.conv
          %8: [N, 12, H/2, W/2] = add(%4, %7)
        %9: [N, 3, H, W] = haarIdwt(%8) {scale: 1}
      return image = %9
    "
  `);
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
  const Two = block("Two", () => {
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
    name: "two",
    imageChannels: 1,
    latentChannels: 1,
    encoder: Encoder(),
    decoder: Decoder(),
    discriminator: Two(),
  });
  expect(printModel(autoencoder)).toMatchInlineSnapshot(`
    "model two (image 1, latent 1, stride 2)
    encoder(image: [N, 1, H, W]):
      encoder: Encoder(image) -> %1: [N, 2, H/2, W/2]
        %0: [N, 1, H + 1, W + 1] = pad(image) {top: 0, left: 0, bottom: 1, right: 1}
        %1: [N, 2, H/2, W/2] = conv2d(%0) {in: 1, out: 2, kernel: 3, stride: 2, dilation: 1, padding: 0, bias: true, groups: 1, paddingMode: "zeros"} @encoder.conv
      %2: [N, 1, H/2, W/2], %3: [N, 1, H/2, W/2] = chunk(%1) {chunks: 2}
      %4: [N, 1, H/2, W/2] = clamp(%3) {min: -30, max: 20}
      return mean = %2, logvar = %4
    decoder(latent: [N, 1, H/2, W/2]):
      decoder: Decoder(latent) -> %1: [N, 1, H, W]
        %0: [N, 1, H, W] = upsampleNearest(latent) {factor: 2}
        %1: [N, 1, H, W] = conv2d(%0) {in: 1, out: 1, kernel: 3, stride: 1, dilation: 1, padding: 1, bias: true, groups: 1, paddingMode: "zeros"} @decoder.conv
      return image = %1
    discriminator(image: [N, 1, H, W]):
      discriminator: Two(image) -> %4: [N, 1, H - 1, W - 1], %6: [N, 1]
        discriminator.split: Split(image) -> %2: [N, 2, H - 1, W - 1], %3: [N, 2, H - 1, W - 1]
          %0: [N, 4, H - 1, W - 1] = spectralConv2d(image) {in: 1, out: 4, kernel: 4, stride: 1, padding: 1, bias: true} @discriminator.split.conv
          %1: [N, 4, H - 1, W - 1] = leakyRelu(%0) {slope: 0.2}
          %2: [N, 2, H - 1, W - 1], %3: [N, 2, H - 1, W - 1] = chunk(%1) {chunks: 2}
        %4: [N, 1, H - 1, W - 1] = conv2d(%2) {in: 2, out: 1, kernel: 1, stride: 1, dilation: 1, padding: 0, bias: true, groups: 1, paddingMode: "zeros"} @discriminator.to_pixel
        %5: [N, 2] = globalPool(%3) {reduction: "mean"}
        %6: [N, 1] = linear(%5) {in: 2, out: 1, bias: true} @discriminator.to_global
      return pixel_logits = %4, global_logit = %6
    "
  `);
});
