import { block, layers } from "../tracing/block.ts";
import { add, concat, silu } from "../functions/index.ts";
import { conv2d, dropout as dropoutLayer, groupNorm } from "../layers/index.ts";
import type { Feature } from "../feature.ts";

export interface ResBlockConfig {
  readonly in: number;
  readonly out: number;
  /** Dropout rate before the second convolution; 0 leaves it out. */
  readonly dropout?: number;
}

type FeatureMap = Feature<number, number>;

/** GroupNorm → SiLU → 3×3 conv, twice, plus the input, through a 1×1 conv where the channels change (arXiv:2405.14477 App. G). */
export const ResBlock = block("ResBlock", ({ in: input, out, dropout = 0 }: ResBlockConfig) => {
  const { norm1, conv1, norm2, drop, conv2, shortcut } = layers({
    norm1: groupNorm({ channels: input }),
    conv1: conv2d({ in: input, out }),
    norm2: groupNorm({ channels: out }),
    ...(dropout > 0 ? { drop: dropoutLayer({ rate: dropout }) } : {}),
    conv2: conv2d({ in: out, out }),
    ...(input === out ? {} : { shortcut: conv2d({ in: input, out, kernel: 1 }) }),
  });
  return (x: FeatureMap): FeatureMap => {
    let h: FeatureMap = silu(norm2(conv1(silu(norm1(x)))));
    if (drop !== undefined) h = drop(h);
    return add(conv2(h), shortcut === undefined ? x : shortcut(x));
  };
});

export interface UNetConfig<I extends number, O extends number> {
  readonly in: I;
  readonly out: O;
  readonly channels: number;
  readonly multipliers: readonly number[];
  readonly dropout?: number;
}

/**
 * The UNet of the feature extractors and of the aggregator: two residual blocks per multiplier on the way in, two in the middle, two
 * per multiplier on the way out, each on concat(x, skip); no spatial resampling, no attention (arXiv:2405.14477 App. G).
 */
export const UNet = block("UNet", <I extends number, O extends number>(config: UNetConfig<I, O>) => {
  const { channels, multipliers, dropout = 0 } = config;
  const widths = multipliers.flatMap((multiplier) => [multiplier * channels, multiplier * channels]);
  const last = widths.at(-1) ?? channels;
  const res = (input: number, out: number): ReturnType<typeof ResBlock> => ResBlock({ in: input, out, dropout });
  const reversed = widths.toReversed();
  const { conv_in, down, mid, up, conv_out } = layers({
    conv_in: conv2d({ in: config.in, out: channels }),
    down: widths.map((width, i) => res(widths[i - 1] ?? channels, width)),
    mid: [res(last, last), res(last, last)],
    // The skips are the outputs of `down`; conv_in's stays unused.
    up: reversed.map((width, i) => res((reversed[i - 1] ?? last) + width, width)),
    conv_out: conv2d({ in: widths[0] ?? channels, out: config.out }),
  });
  return <S extends number>(x: Feature<I, S>): Feature<O, S> => {
    let h: FeatureMap = conv_in(x);
    const skips: FeatureMap[] = [];
    for (const resBlock of down) {
      h = resBlock(h);
      skips.push(h);
    }
    for (const resBlock of mid) h = resBlock(h);
    for (const resBlock of up) h = resBlock(concat(h, skips.pop() as FeatureMap));
    return conv_out(h as Feature<number, S>);
  };
});
