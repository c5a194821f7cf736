/** A vision transformer over the positions of a map. */
import { block, layers } from "../tracing/block.ts";
import { add, attention, chunk, gelu, tokens, untokens } from "../functions/index.ts";
import { conv2d, layerNorm, linear } from "../layers/index.ts";
import type { Feature, Tokens } from "../feature.ts";

/** Self-attention and a perceptron of four times the width, each behind a layer norm and added (arXiv:2010.11929 §3.1). */
export const VitBlock = block("VitBlock", ({ width, heads }: { readonly width: number; readonly heads: number }) => {
  const l = layers({
    norm1: layerNorm({ channels: width, eps: 1e-6 }),
    qkv: linear({ in: width, out: 3 * width }),
    proj: linear({ in: width, out: width }),
    norm2: layerNorm({ channels: width, eps: 1e-6 }),
    fc1: linear({ in: width, out: 4 * width }),
    fc2: linear({ in: 4 * width, out: width }),
  });
  return (x: Tokens<number>): Tokens<number> => {
    const [query, key, value] = chunk(l.qkv(l.norm1(x)), { chunks: 3 });
    const h = add(x, l.proj(attention(query, key, value, { heads })));
    return add(h, l.fc2(gelu(l.fc1(l.norm2(h)))));
  };
});

export interface VitConfig<I extends number, O extends number> {
  readonly in: I;
  readonly out: O;
  readonly width: number;
  readonly heads: number;
  readonly depth: number;
}

/** Blocks over the positions of a map, each of which is a token. A 3×3 convolution before them tells where the border is; there are no position embeddings, so any size goes. */
export const Vit = block("Vit", <I extends number, O extends number>(config: VitConfig<I, O>) => {
  const { width, heads, depth } = config;
  const { conv_in, blocks, norm, conv_out } = layers({
    conv_in: conv2d({ in: config.in, out: width }),
    blocks: Array.from({ length: depth }, () => VitBlock({ width, heads })),
    norm: layerNorm({ channels: width, eps: 1e-6 }),
    conv_out: conv2d({ in: width, out: config.out, kernel: 1 }),
  });
  return <S extends number>(x: Feature<I, S>): Feature<O, S> => {
    const embedded = conv_in(x);
    const h = blocks.reduce<Tokens<number>>((sequence, each) => each(sequence), tokens(embedded));
    return conv_out(untokens<number, S>(norm(h), embedded));
  };
});
