/**
 * An encoder without a distribution: its output is the latent, as in TAESD (https://github.com/madebyollin/taesd). The keys of the weights are those of
 * diffusers' AutoencoderTiny with `block_out_channels: [16, 16, 16]` and a block a level, so that its files compile.
 */
import { add, block, conv2d, div, layers, model, mul, relu, sub, tanh, upsample, type Feature } from "litevae/dsl";

const Residual = block("Residual", <C extends number>({ channels }: { channels: C }) => {
  const { conv } = layers({
    conv: {
      0: conv2d({ in: channels, out: channels }),
      2: conv2d({ in: channels, out: channels }),
      4: conv2d({ in: channels, out: channels }),
    },
  });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => relu(add(conv[4](relu(conv[2](relu(conv[0](x))))), x));
});

const Encoder = block("Encoder", () => {
  const { layers: l } = layers({
    layers: {
      0: conv2d({ in: 3, out: 16 }),
      1: Residual({ channels: 16 }),
      2: conv2d({ in: 16, out: 16, kernel: 3, stride: 2, padding: 1, bias: false }),
      3: Residual({ channels: 16 }),
      4: conv2d({ in: 16, out: 16, kernel: 3, stride: 2, padding: 1, bias: false }),
      5: Residual({ channels: 16 }),
      6: conv2d({ in: 16, out: 4 }),
    },
  });
  return (image: Feature<3, 1>): Feature<4, 4> => {
    // Images of [0, 1] are what its weights were trained on.
    const x = l[3](l[2](l[1](l[0](div(add(image, 1), 2)))));
    return l[6](l[5](l[4](x)));
  };
});

const Decoder = block("Decoder", () => {
  const { layers: l } = layers({
    layers: {
      0: conv2d({ in: 4, out: 16 }),
      2: Residual({ channels: 16 }),
      4: conv2d({ in: 16, out: 16, bias: false }),
      5: Residual({ channels: 16 }),
      7: conv2d({ in: 16, out: 16, bias: false }),
      8: Residual({ channels: 16 }),
      9: conv2d({ in: 16, out: 3 }),
    },
  });
  return (latent: Feature<4, 4>): Feature<3, 1> => {
    const bounded = mul(tanh(div(latent, 3)), 3);
    const x = l[4](upsample(l[2](relu(l[0](bounded))), { factor: 2 }));
    const y = l[9](l[8](l[7](upsample(l[5](x), { factor: 2 }))));
    return sub(mul(y, 2), 1);
  };
});

export default model({ latentChannels: 4, posterior: "none", encoder: Encoder(), decoder: Decoder() });
