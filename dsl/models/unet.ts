import { block, layers } from "../tracing/block.ts";
import { add, concat, silu } from "../functions/index.ts";
import { conv2d, dropout as dropoutLayer, groupNorm, rmsNorm, smcConv2d } from "../layers/index.ts";
import type { Feature, FeatureMap } from "../feature.ts";
import { zip } from "../zip.ts";

/**
 * How residual blocks keep their activations in range: group normalisation, self-modulated convolutions (arXiv:2405.14477 §4.2), the root of the mean square of each position's
 * channels, or not at all. All but "group" look at no more than a convolution does: what lies far away changes nothing.
 */
export type UNetNorm = "group" | "smc" | "rms" | "none";

export interface ResBlockConfig {
  readonly in: number;
  readonly out: number;
  /** Dropout rate before the second convolution; 0 leaves it out. */
  readonly dropout?: number;
  /** "group" by default. */
  readonly norm?: UNetNorm;
}

const normLayers = { group: groupNorm, rms: rmsNorm, smc: undefined, none: undefined };

/** GroupNorm → SiLU → 3×3 conv, twice, plus the input, through a 1×1 conv where the channels change (arXiv:2405.14477 App. G). */
export const ResBlock = block("ResBlock", ({ in: input, out, dropout = 0, norm = "group" }: ResBlockConfig) => {
  const normalize = normLayers[norm];
  const conv = norm === "smc" ? smcConv2d : conv2d;
  const { norm1, conv1, norm2, drop, conv2, shortcut } = layers({
    ...(normalize === undefined ? {} : { norm1: normalize({ channels: input }) }),
    conv1: conv({ in: input, out }),
    ...(normalize === undefined ? {} : { norm2: normalize({ channels: out }) }),
    ...(dropout > 0 ? { drop: dropoutLayer({ rate: dropout }) } : {}),
    conv2: conv({ in: out, out }),
    ...(input === out ? {} : { shortcut: conv2d({ in: input, out, kernel: 1 }) }),
  });
  return (x: FeatureMap): FeatureMap => {
    let h: FeatureMap = conv1(silu(norm1?.(x) ?? x));
    h = silu(norm2?.(h) ?? h);
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
  /** Of the residual blocks; "group" by default. */
  readonly norm?: UNetNorm;
}

/**
 * The UNet of the feature extractors and of the aggregator: two residual blocks per multiplier on the way in, two in the middle, two
 * per multiplier on the way out, each on concat(x, skip); no spatial resampling, no attention (arXiv:2405.14477 App. G).
 */
export const UNet = block("UNet", <I extends number, O extends number>(config: UNetConfig<I, O>) => {
  const { channels, multipliers, dropout = 0, norm } = config;
  const widths = multipliers.flatMap((multiplier) => [multiplier * channels, multiplier * channels]);
  const last = widths.at(-1) ?? channels;
  const res = (input: number, out: number): ReturnType<typeof ResBlock> =>
    ResBlock({ in: input, out, dropout, ...(norm === undefined ? {} : { norm }) });
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
    for (const [resBlock, skip] of zip(up, skips.toReversed())) h = resBlock(concat(h, skip));
    return conv_out(h);
  };
});
