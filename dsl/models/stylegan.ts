/** The StyleGAN2 discriminator (Karras et al. 2020). */
import type { Feature, FeatureMap } from "../feature.ts";
import { add, blur, leakyRelu, minibatchStddev, scale } from "../functions/index.ts";
import { equalizedConv2d, equalizedLinear } from "../layers/index.ts";
import { block, layers } from "../tracing/block.ts";

/** Leaky ReLU times √2, which keeps the deviation of its input. */
function activated(x: FeatureMap): FeatureMap {
  return scale(leakyRelu(x), { factor: Math.SQRT2 });
}

interface DownConfig {
  readonly in: number;
  readonly out: number;
}

/** Two 3×3 convolutions beside a 1×1 shortcut; both ways are blurred before they are halved. Their sum over √2 keeps its deviation. */
const StyleGanDown = block("StyleGanDown", ({ in: input, out }: DownConfig) => {
  const { conv1, conv2, shortcut } = layers({
    conv1: equalizedConv2d({ in: input, out: input }),
    conv2: equalizedConv2d({ in: input, out, stride: 2, padding: 0 }),
    shortcut: equalizedConv2d({ in: input, out, kernel: 1, bias: false }),
  });
  return (x: FeatureMap): FeatureMap => {
    const h = activated(conv2(blur(activated(conv1(x)), { padding: 2 })));
    return scale(add(h, shortcut(blur(x, { stride: 2, padding: 1 }))), { factor: Math.SQRT1_2 });
  };
});

export interface StyleGanConfig<I extends number> {
  readonly imageChannels: I;
  /** The side of the images that get one logit, a power of two of at least 8. Halved until 4 are left. */
  readonly resolution: number;
  /** Channels at that resolution, doubled with every halving. */
  readonly channels: number;
  readonly maxChannels: number;
}

/**
 * The residual discriminator of StyleGAN2 with minibatch standard deviation. The paper ends in a linear layer over the 4×4 map that is left; here
 * it is a 4×4 convolution without padding, which is the same at `resolution` and gives larger images a logit per window.
 */
export const StyleGanDiscriminator = block("StyleGanDiscriminator", <I extends number>(config: StyleGanConfig<I>) => {
  const { imageChannels, resolution, channels, maxChannels } = config;
  const widths = Array.from({ length: Math.log2(resolution) - 1 }, (_, level) => Math.min(channels * 2 ** level, maxChannels));
  const last = widths.at(-1) ?? channels;
  const { from_image, down, conv, window, to_logit } = layers({
    from_image: equalizedConv2d({ in: imageChannels, out: widths[0] ?? channels, kernel: 1 }),
    down: widths.slice(1).map((out, i) => StyleGanDown({ in: widths[i] ?? out, out })),
    conv: equalizedConv2d({ in: last + 1, out: last }),
    window: equalizedConv2d({ in: last, out: last, kernel: 4, padding: 0 }),
    to_logit: equalizedLinear({ in: last, out: 1 }),
  });
  return (x: Feature<I, 1>): Feature<1, number> => {
    const h = down.reduce<FeatureMap>((y, halve) => halve(y), activated(from_image(x)));
    return to_logit(activated(window(activated(conv(minibatchStddev(h))))));
  };
});
