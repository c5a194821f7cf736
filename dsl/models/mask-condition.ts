/** The decoder of the asymmetric VQGAN (Zhu et al. 2023, arXiv:2306.04632), under the keys of diffusers' AsymmetricAutoencoderKL: an image goes past the latent where a mask is 0. */
import type { Feature, FeatureMap } from "../feature.ts";
import { add, mul, relu, resize, silu, sub } from "../functions/index.ts";
import { conv2d, groupNorm } from "../layers/index.ts";
import { block, layers } from "../tracing/block.ts";
import { MidBlock, normSettings, UpBlock } from "./autoencoder-kl.ts";

export interface MaskConditionEncoderConfig {
  readonly imageChannels: number;
  /** Channels of what it gives: two maps at the image's size, then one at half of it, at a quarter and at an eighth. */
  readonly widths: readonly number[];
}

/** The maps that a decoder takes from an image, [N, widths[0], H, W] first, each the convolution of the one before after ReLU. */
export const MaskConditionEncoder = block("MaskConditionEncoder", ({ imageChannels, widths }: MaskConditionEncoderConfig) => {
  const { layers: all } = layers({
    layers: widths.map((out, i) => {
      const input = widths[i - 1] ?? imageChannels;
      return i < 2 ? conv2d({ in: input, out }) : conv2d({ in: input, out, kernel: 4, stride: 2, padding: 1 });
    }),
  });
  return (image: FeatureMap): readonly FeatureMap[] =>
    all.reduce<readonly FeatureMap[]>((maps, conv) => {
      const last = maps.at(-1);
      return [...maps, conv(last === undefined ? image : relu(last))];
    }, []);
});

export interface MaskConditionDecoderConfig<Z extends number, I extends number> {
  readonly latentChannels: Z;
  readonly imageChannels: I;
  /** Channels of the four levels, the image's resolution first. */
  readonly widths: readonly [number, number, number, number];
  /** Residual blocks of a level. */
  readonly blocks: number;
}

/** Where the mask is 1, x; where it is 0, `known`. */
const outside = (x: FeatureMap, known: FeatureMap | undefined, mask: FeatureMap): FeatureMap =>
  known === undefined ? x : add(mul(x, mask), mul(known, sub(1, mask)));

/**
 * Latent [N, nz, h, w], image and mask [N, 1, 8·h, 8·w] → image [N, imageChannels, 8·h, 8·w]. Before every level, and after the last, features of
 * the image stand in for the decoder's own where the mask is 0; where it is 1 everywhere, this is the KL decoder.
 */
export const MaskConditionDecoder = block(
  "MaskConditionDecoder",
  <Z extends number, I extends number>(config: MaskConditionDecoderConfig<Z, I>) => {
    const { latentChannels, imageChannels, widths, blocks } = config;
    const [bottom, , , top] = widths;
    const last = widths.length - 1;
    const { conv_in, mid_block, up_blocks, condition_encoder, conv_norm_out, conv_out } = layers({
      conv_in: conv2d({ in: latentChannels, out: top }),
      mid_block: MidBlock({ channels: top, norm: "group", attention: true }),
      up_blocks: widths.toReversed().map((out, i, downwards) =>
        UpBlock({
          in: downwards[i - 1] ?? top,
          out,
          blocks,
          upsample: i < last,
          norm: "group",
          attention: false,
        }),
      ),
      condition_encoder: MaskConditionEncoder({ imageChannels, widths: [...widths, top] }),
      conv_norm_out: groupNorm({ channels: bottom, ...normSettings }),
      conv_out: conv2d({ in: bottom, out: imageChannels }),
    });
    return (z: Feature<Z, number>, { original, mask }: { original: Feature<I, 1>; mask: Feature<1, 1> }): Feature<I, 1> => {
      const known = condition_encoder(mul<FeatureMap>(original, sub<FeatureMap>(1, mask))).toReversed();
      const h = up_blocks.reduce<FeatureMap>(
        (x, up, i) => up(outside(x, known[i], i === last ? mask : resize(mask, { factor: 2 ** (i - last) }))),
        mid_block(conv_in(z)),
      );
      return conv_out(silu(conv_norm_out(outside(h, known.at(-1), mask))));
    };
  },
);
