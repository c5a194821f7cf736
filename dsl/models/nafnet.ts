/** NAFNet's block (arXiv:2204.04676) in the form of the feature extractors: without nonlinear activations, at one resolution. */
import { block, layers } from "../tracing/block.ts";
import { add, chunk, concat, globalPool, mul } from "../functions/index.ts";
import { conv2d, layerNorm, linear, parameter } from "../layers/index.ts";
import type { Feature, FeatureMap } from "../feature.ts";
import { zip } from "../zip.ts";

/** Half of the channels times the other half. */
function simpleGate(x: FeatureMap): FeatureMap {
  const [a, b] = chunk(x, { chunks: 2 });
  return mul(a, b);
}

/**
 * A depthwise convolution with simplified channel attention, then two pointwise ones, each between a 1×1 convolution to twice the channels and a gate, and added through a
 * learned scale that starts at 0 (arXiv:2204.04676 §3). `in` other than `channels` go through a 1×1 convolution first.
 */
export const NafBlock = block("NafBlock", ({ in: input, channels }: { readonly in: number; readonly channels: number }) => {
  const scale = (): ReturnType<typeof parameter<readonly [number, 1, 1]>> => parameter({ shape: [channels, 1, 1] });
  const l = layers({
    ...(input === channels ? {} : { project: conv2d({ in: input, out: channels, kernel: 1 }) }),
    norm1: layerNorm({ channels, eps: 1e-6 }),
    conv1: conv2d({ in: channels, out: 2 * channels, kernel: 1 }),
    depthwise: conv2d({ in: 2 * channels, out: 2 * channels, groups: 2 * channels }),
    attention: linear({ in: channels, out: channels }),
    conv2: conv2d({ in: channels, out: channels, kernel: 1 }),
    beta: scale(),
    norm2: layerNorm({ channels, eps: 1e-6 }),
    conv3: conv2d({ in: channels, out: 2 * channels, kernel: 1 }),
    conv4: conv2d({ in: channels, out: channels, kernel: 1 }),
    gamma: scale(),
  });
  return (input_map: FeatureMap): FeatureMap => {
    const x: FeatureMap = l.project === undefined ? input_map : l.project(input_map);
    const gated = simpleGate(l.depthwise(l.conv1(l.norm1(x))));
    const attended = mul(gated, l.attention(globalPool(gated, { reduction: "mean" })));
    const y = add(x, mul(l.conv2(attended), l.beta()));
    return add(y, mul(l.conv4(simpleGate(l.conv3(l.norm2(y)))), l.gamma()));
  };
});

export interface NafNetConfig<I extends number, O extends number> {
  readonly in: I;
  readonly out: O;
  readonly channels: number;
  readonly multipliers: readonly number[];
}

/** The UNet of the feature extractors with NAFNet's blocks in the place of residual ones: as many, of the same widths, with the same skips. */
export const NafNet = block("NafNet", <I extends number, O extends number>(config: NafNetConfig<I, O>) => {
  const { channels, multipliers } = config;
  const widths = multipliers.flatMap((multiplier) => [multiplier * channels, multiplier * channels]);
  const last = widths.at(-1) ?? channels;
  const reversed = widths.toReversed();
  const { conv_in, down, mid, up, conv_out } = layers({
    conv_in: conv2d({ in: config.in, out: channels }),
    down: widths.map((width, i) => NafBlock({ in: widths[i - 1] ?? channels, channels: width })),
    mid: [NafBlock({ in: last, channels: last }), NafBlock({ in: last, channels: last })],
    up: reversed.map((width, i) => NafBlock({ in: (reversed[i - 1] ?? last) + width, channels: width })),
    conv_out: conv2d({ in: widths[0] ?? channels, out: config.out }),
  });
  return <S extends number>(x: Feature<I, S>): Feature<O, S> => {
    let h: FeatureMap = conv_in(x);
    const skips: FeatureMap[] = [];
    for (const naf of down) {
      h = naf(h);
      skips.push(h);
    }
    for (const naf of mid) h = naf(h);
    for (const [naf, skip] of zip(up, skips.toReversed())) h = naf(concat(h, skip));
    return conv_out(h);
  };
});
