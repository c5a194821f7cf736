import { add, block, conv2d, groupNorm, layers, model, silu, smcConv2d, upsample, type Feature } from "litevae/dsl";

/** A few hundred parameters; with `hot.weight` large enough, what `hot` gives leaves the range of float16 and `norm` brings it back. */
const Encoder = block("Encoder", () => {
  const { down, hot, norm, out } = layers({
    down: conv2d({ in: 3, out: 8, kernel: 4, stride: 4, padding: 0 }),
    hot: conv2d({ in: 8, out: 8 }),
    norm: groupNorm({ channels: 8 }),
    out: conv2d({ in: 8, out: 8 }),
  });
  return (x: Feature<3, 1>): Feature<8, 4> => {
    const y = down(x);
    return out(silu(norm(add(y, hot(y)))));
  };
});

const Decoder = block("Decoder", () => {
  const { conv, out } = layers({ conv: smcConv2d({ in: 4, out: 8 }), out: conv2d({ in: 8, out: 3 }) });
  return (z: Feature<4, 4>): Feature<3, 1> => out(upsample(silu(conv(z)), { factor: 4 }));
});

export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
