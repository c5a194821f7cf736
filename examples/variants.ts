/** One block in two structural variants: with a bottleneck and without. */
import { add, block, conv2d, haarDwt, haarIdwt, layers, model, silu, smcConv2d, type Feature } from "litevae/dsl";

const Residual = block("Residual", <C extends number>({ channels, bottleneck }: { channels: C; bottleneck: boolean }) => {
  const inner = bottleneck ? channels / 2 : channels;
  const { squeeze, conv, expand } = layers({
    ...(bottleneck ? { squeeze: conv2d({ in: channels, out: inner, kernel: 1 }) } : {}),
    conv: smcConv2d({ in: inner, out: inner }),
    expand: conv2d({ in: inner, out: channels, kernel: 1 }),
  });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => {
    const narrow = squeeze === undefined ? x : squeeze(silu(x));
    return add(x, expand(silu(conv(silu(narrow)))));
  };
});

const Encoder = block("Encoder", () => {
  const { stem, wide, narrow, head } = layers({
    stem: conv2d({ in: 48, out: 32 }),
    wide: Residual({ channels: 32, bottleneck: false }),
    narrow: Residual({ channels: 32, bottleneck: true }),
    head: conv2d({ in: 32, out: 8 }),
  });
  return (image: Feature<3, 1>): Feature<8, 4> => {
    const { bands } = haarDwt(image);
    const second = haarDwt(bands);
    return head(narrow(wide(stem(second.bands))));
  };
});

const Decoder = block("Decoder", () => {
  const { stem, wide, narrow, head } = layers({
    stem: conv2d({ in: 4, out: 32 }),
    wide: Residual({ channels: 32, bottleneck: false }),
    narrow: Residual({ channels: 32, bottleneck: true }),
    head: conv2d({ in: 32, out: 48 }),
  });
  return (latent: Feature<4, 4>): Feature<3, 1> => {
    const second = head(narrow(wide(stem(latent))));
    return haarIdwt(haarIdwt(second));
  };
});

export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
