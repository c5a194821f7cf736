/** A small autoencoder whose widths `litevae search` may vary. */
import {
  add,
  block,
  conv2d,
  groupNorm,
  layers,
  model,
  searchable,
  silu,
  upsample,
  zip,
  type Feature,
  type FeatureMap,
} from "litevae/dsl";

const Res = block("Res", <C extends number>({ channels, groups }: { channels: C; groups: number }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels, groups }), conv: conv2d({ in: channels, out: channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

interface Widths {
  readonly channels: number;
  readonly multipliers: readonly number[];
  readonly groups: number;
}

const Encoder = block("Encoder", ({ channels, multipliers, groups }: Widths) => {
  const widths = multipliers.map((multiplier) => channels * multiplier);
  const { stem, res, down, head } = layers({
    stem: conv2d({ in: 3, out: channels }),
    res: widths.map((_, i) => Res({ channels: widths[i - 1] ?? channels, groups })),
    down: widths.map((out, i) => conv2d({ in: widths[i - 1] ?? channels, out, stride: 2 })),
    head: conv2d({ in: widths.at(-1) ?? channels, out: 16 }),
  });
  return (image: Feature<3, 1>): Feature<16, 8> => {
    let x: FeatureMap = stem(image);
    for (const [refine, halve] of zip(res, down)) x = halve(refine(x));
    return head(silu(x));
  };
});

const Decoder = block("Decoder", ({ channels, multipliers, groups }: Widths) => {
  const widths = multipliers.map((multiplier) => channels * multiplier).toReversed();
  const { stem, res, up, head } = layers({
    stem: conv2d({ in: 8, out: widths[0] ?? channels }),
    res: widths.map((width) => Res({ channels: width, groups })),
    up: widths.map((width, i) => conv2d({ in: width, out: widths[i + 1] ?? channels })),
    head: conv2d({ in: channels, out: 3 }),
  });
  return (latent: Feature<8, 8>): Feature<3, 1> => {
    let x: FeatureMap = stem(latent);
    for (const [refine, narrow] of zip(res, up)) x = narrow(upsample(refine(x), { factor: 2 }));
    return head(silu(x));
  };
});

export default searchable({ channels: 16, multipliers: [1, 2, 4], groups: 8 }, (widths) =>
  model({ latentChannels: 8, encoder: Encoder(widths), decoder: Decoder(widths) }),
);
