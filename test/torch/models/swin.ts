/** Two blocks of Swin (Liu et al. 2021), the second with shifted windows, under the keys of published files. */
import {
  add,
  block,
  chunk,
  conv2d,
  gelu,
  layerNorm,
  layers,
  linear,
  network,
  relativePositionBias,
  windowAttention,
  type Feature,
} from "litevae/dsl";

interface Config {
  readonly channels: number;
  readonly heads: number;
  readonly windowSize: number;
  readonly shift: number;
}

const WindowAttention = block("WindowAttention", ({ channels, heads, windowSize, shift }: Config) => {
  const { qkv, proj, relative_position_bias_table } = layers({
    qkv: linear({ in: channels, out: 3 * channels }),
    proj: linear({ in: channels, out: channels }),
    relative_position_bias_table: relativePositionBias({ windowSize, heads }),
  });
  return <S extends number>(x: Feature<number, S>) => {
    const [query, key, value] = chunk(qkv(x), { chunks: 3 });
    return proj(windowAttention(query, key, value, relative_position_bias_table(), { heads, windowSize, shift }));
  };
});

const Mlp = block("Mlp", ({ channels }: { channels: number }) => {
  const { fc1, fc2 } = layers({
    fc1: linear({ in: channels, out: 4 * channels }),
    fc2: linear({ in: 4 * channels, out: channels }),
  });
  return <S extends number>(x: Feature<number, S>) => fc2(gelu(fc1(x)));
});

const SwinTransformerBlock = block("SwinTransformerBlock", (config: Config) => {
  const { channels } = config;
  const { norm1, attn, norm2, mlp } = layers({
    norm1: layerNorm({ channels }),
    attn: WindowAttention(config),
    norm2: layerNorm({ channels }),
    mlp: Mlp({ channels }),
  });
  return <S extends number>(x: Feature<number, S>) => {
    const y = add(x, attn(norm1(x)));
    return add(y, mlp(norm2(y)));
  };
});

const Swin = block("Swin", () => {
  const { patch_embed, blocks } = layers({
    patch_embed: conv2d({ in: 3, out: 12, kernel: 2, stride: 2 }),
    blocks: [0, 2].map((shift) => SwinTransformerBlock({ channels: 12, heads: 3, windowSize: 4, shift })),
  });
  return (image: Feature<3, 1>) => blocks.reduce<Feature<number, 2>>((x, each) => each(x), patch_embed(image));
});

export default network({ inputs: [{ name: "image", channels: 3 }], output: "features", block: Swin() });
