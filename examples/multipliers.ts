/** A plain convolutional autoencoder whose widths come from a loop over multipliers. */
import { add, block, conv2d, groupNorm, layers, model, silu, upsample, zip, type Feature, type FeatureMap } from "litevae/dsl";

const Res = block("Res", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels }), conv: conv2d({ in: channels, out: channels, kernel: 3 }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

const Encoder = block("Encoder", ({ base, multipliers }: { base: number; multipliers: readonly number[] }) => {
  const widths = multipliers.map((multiplier) => base * multiplier);
  const last = widths.at(-1) ?? base;
  const { stem, res, down, head } = layers({
    stem: conv2d({ in: 3, out: base }),
    res: widths.map((_, i) => Res({ channels: widths[i - 1] ?? base })),
    down: widths.map((out, i) => conv2d({ in: widths[i - 1] ?? base, out, stride: 2 })),
    head: conv2d({ in: last, out: 16 }),
  });
  return (image: Feature<3, 1>): Feature<16, 8> => {
    // In a loop channels and stride change: `FeatureMap` is a feature of any, which the compiler checks where the editor cannot.
    let x: FeatureMap = stem(image);
    for (const [refine, halve] of zip(res, down)) x = halve(refine(x));
    return head(silu(x));
  };
});

const Decoder = block("Decoder", ({ base, multipliers }: { base: number; multipliers: readonly number[] }) => {
  const widths = multipliers.map((multiplier) => base * multiplier).toReversed();
  const { stem, res, up, head } = layers({
    stem: conv2d({ in: 8, out: widths[0] ?? base }),
    res: widths.map((width) => Res({ channels: width })),
    up: widths.map((width, i) => conv2d({ in: width, out: widths[i + 1] ?? base })),
    head: conv2d({ in: base, out: 3 }),
  });
  return (latent: Feature<8, 8>): Feature<3, 1> => {
    let x: FeatureMap = stem(latent);
    for (const [refine, widen] of zip(res, up)) x = widen(upsample(refine(x), { factor: 2 }));
    return head(silu(x));
  };
});

const widths = { base: 16, multipliers: [1, 2, 4] };
export default model({ latentChannels: 8, encoder: Encoder(widths), decoder: Decoder(widths) });
