/** Two of the discriminators of arXiv:2405.14477 §4.3, Table 10; stylegan.ts has the third. */
import type { Feature, FeatureMap, Vector } from "../feature.ts";
import { add, avgPool2d, concat, globalPool, leakyRelu, relu, upsample } from "../functions/index.ts";
import { batchNorm2d, conv2d, spectralConv2d, spectralLinear } from "../layers/index.ts";
import { block, layers } from "../tracing/block.ts";
import { zip } from "../zip.ts";

export interface DiscriminatorBlockConfig {
  readonly in: number;
  readonly out: number;
}

export interface DownConfig extends DiscriminatorBlockConfig {
  /** The first block sees the image itself: no activation before its first convolution. */
  readonly first: boolean;
}

/** Two 3×3 convolutions with a 1×1 shortcut, then 2×2 average pooling; all spectral-normalised (Schönfeld et al. 2020). */
export const DiscriminatorDown = block("DiscriminatorDown", ({ in: input, out, first }: DownConfig) => {
  const { conv1, conv2, shortcut } = layers({
    conv1: spectralConv2d({ in: input, out }),
    conv2: spectralConv2d({ in: out, out }),
    shortcut: spectralConv2d({ in: input, out, kernel: 1 }),
  });
  return (x: FeatureMap): FeatureMap => {
    const h = conv2(relu(conv1(first ? x : relu(x))));
    return avgPool2d(add(h, shortcut(x)), { size: 2 });
  };
});

/** Nearest ×2, then two 3×3 convolutions with a 1×1 shortcut. */
export const DiscriminatorUp = block("DiscriminatorUp", ({ in: input, out }: DiscriminatorBlockConfig) => {
  const { conv1, conv2, shortcut } = layers({
    conv1: spectralConv2d({ in: input, out }),
    conv2: spectralConv2d({ in: out, out }),
    shortcut: spectralConv2d({ in: input, out, kernel: 1 }),
  });
  return (x: FeatureMap): FeatureMap => {
    const wide = upsample(x, { factor: 2 });
    return add(conv2(relu(conv1(relu(wide)))), shortcut(wide));
  };
});

export interface UNetDiscriminatorConfig<I extends number> {
  readonly imageChannels: I;
  /** 16, 32 or 64 in the published sizes. */
  readonly channels: number;
  /** Output channels of the down blocks over `channels`: (1,2,4,8,8,16) at 256², (1,2,4,8,16) at 128². */
  readonly multipliers: readonly number[];
  /** How the bottleneck is pooled for the global logit; a sum grows with the image's area. */
  readonly reduction: "sum" | "mean";
}

/** U-Net GAN discriminator (Schönfeld et al. 2020): a logit per pixel, and one per image from the bottleneck. */
export const UNetDiscriminator = block("UNetDiscriminator", <I extends number>(config: UNetDiscriminatorConfig<I>) => {
  const { imageChannels, channels, multipliers, reduction } = config;
  const widths = multipliers.map((multiplier) => multiplier * channels);
  const bottleneck = widths.at(-1) ?? channels;
  // Every up block gives the width of the skip that joins after it; the last gives the first width.
  const upOut = [...widths.slice(0, -1).toReversed(), channels];
  const upIn = [bottleneck, ...upOut.slice(0, -1).map((width) => 2 * width)];
  const { down, up, to_pixel, to_global } = layers({
    down: widths.map((out, i) => DiscriminatorDown({ in: widths[i - 1] ?? imageChannels, out, first: i === 0 })),
    up: zip(upIn, upOut).map(([input, out]) => DiscriminatorUp({ in: input, out })),
    to_pixel: conv2d({ in: channels, out: 1, kernel: 1 }),
    to_global: spectralLinear({ in: bottleneck, out: 1 }),
  });
  return (x: Feature<I, 1>): { readonly pixel_logits: Feature<1, 1>; readonly global_logit: Vector<1> } => {
    let h: FeatureMap = x;
    const outputs = down.map((block) => (h = block(h))).toReversed();
    const global_logit = to_global(globalPool(relu(h), { reduction }));
    for (const [block, skip] of zip(up, outputs)) h = block(skip === h ? h : concat(h, skip));
    return { pixel_logits: to_pixel(h), global_logit };
  };
});

interface PatchBlockConfig extends DiscriminatorBlockConfig {
  readonly stride: number;
}

const PatchBlock = block("PatchBlock", ({ in: input, out, stride }: PatchBlockConfig) => {
  const { conv, norm } = layers({
    conv: conv2d({ in: input, out, kernel: 4, stride, padding: 1, bias: false }),
    norm: batchNorm2d({ channels: out }),
  });
  return (x: FeatureMap): FeatureMap => leakyRelu(norm(conv(x)));
});

/** PatchGAN discriminator (Isola et al. 2017): 3 layers, 64 filters, batch normalisation; a logit per patch. */
export const PatchGan = block(
  "PatchGan",
  <I extends number>({ imageChannels, channels }: { readonly imageChannels: I; readonly channels: number }) => {
    const { conv_in, blocks, conv_out } = layers({
      conv_in: conv2d({ in: imageChannels, out: channels, kernel: 4, stride: 2, padding: 1 }),
      blocks: [
        PatchBlock({ in: channels, out: 2 * channels, stride: 2 }),
        PatchBlock({ in: 2 * channels, out: 4 * channels, stride: 2 }),
        PatchBlock({ in: 4 * channels, out: 8 * channels, stride: 1 }),
      ],
      conv_out: conv2d({ in: 8 * channels, out: 1, kernel: 4, padding: 1 }),
    });
    return (x: Feature<I, 1>): Feature<1, number> => {
      const h = blocks.reduce<FeatureMap>((y, patch) => patch(y), leakyRelu(conv_in(x)));
      return conv_out(h);
    };
  },
);
