/** A model of an author's own, as a page would hold it: downsampled by Haar transforms, with blocks that nest. */
import { add, block, conv2d, groupNorm, haarDwt, haarIdwt, layers, model, silu, type Feature } from "litevae/dsl";

const Residual = block("Residual", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels }), conv: conv2d({ in: channels, out: channels, kernel: 3 }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

const Encoder = block("Encoder", () => {
  const { conv_in, residual, conv_out } = layers({
    conv_in: conv2d({ in: 12, out: 16, kernel: 3 }),
    residual: Residual({ channels: 16 }),
    conv_out: conv2d({ in: 16, out: 8 }),
  });
  return (image: Feature<3, 1>): Feature<8, 2> => conv_out(residual(conv_in(haarDwt(image).bands)));
});

const Decoder = block("Decoder", () => {
  const { conv_in, residual, conv_out } = layers({
    conv_in: conv2d({ in: 4, out: 16, kernel: 3 }),
    residual: Residual({ channels: 16 }),
    conv_out: conv2d({ in: 16, out: 12 }),
  });
  return (latent: Feature<4, 2>): Feature<3, 1> => haarIdwt(conv_out(residual(conv_in(latent))));
});

export default model({ name: "own", latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
