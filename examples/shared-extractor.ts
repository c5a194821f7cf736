/** One feature extractor for all wavelet levels: a module used three times shares its weights and counts once (arXiv:2405.14477 D.4). */
import {
  avgPool2d,
  add,
  block,
  concat,
  conv2d,
  groupNorm,
  haarDwt,
  layers,
  model,
  silu,
  upsample,
  type Feature,
} from "litevae/dsl";

const Extractor = block("Extractor", ({ channels }: { channels: number }) => {
  const { conv_in, norm, conv, conv_out } = layers({
    conv_in: conv2d({ in: 12, out: channels }),
    norm: groupNorm({ channels }),
    conv: conv2d({ in: channels, out: channels }),
    conv_out: conv2d({ in: channels, out: 12 }),
  });
  return <S extends number>(bands: Feature<12, S>): Feature<12, S> => {
    const x = conv_in(bands);
    return conv_out(silu(add(x, conv(silu(norm(x))))));
  };
});

const Encoder = block("Encoder", ({ channels }: { channels: number }) => {
  const { extractor, head } = layers({ extractor: Extractor({ channels }), head: conv2d({ in: 36, out: 16 }) });
  return (image: Feature<3, 1>): Feature<16, 8> => {
    const level1 = haarDwt(image, { scale: 0.5 });
    const level2 = haarDwt(level1.low, { scale: 0.5 });
    const level3 = haarDwt(level2.low, { scale: 0.5 });
    const joined = concat(
      avgPool2d(extractor(level1.bands), { size: 4 }),
      avgPool2d(extractor(level2.bands), { size: 2 }),
      extractor(level3.bands),
    );
    return head(joined);
  };
});

const Decoder = block("Decoder", ({ channels }: { channels: number }) => {
  const { stem, widen, head } = layers({
    stem: conv2d({ in: 8, out: channels }),
    widen: conv2d({ in: channels, out: channels }),
    head: conv2d({ in: channels, out: 3 }),
  });
  return (latent: Feature<8, 8>): Feature<3, 1> => {
    const x = upsample(silu(stem(latent)), { factor: 4 });
    return head(upsample(silu(widen(x)), { factor: 2 }));
  };
});

export default model({ latentChannels: 8, encoder: Encoder({ channels: 32 }), decoder: Decoder({ channels: 32 }) });
