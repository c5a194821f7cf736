/** An autoencoder whose blocks have ops of its own: two outputs, settings with defaults, Python in another folder. */
import { add, block, conv2d, layers, model, upsample, type Feature } from "litevae/dsl";
import { apply, layer } from "litevae/op";
import { doubledInPython, gate, selfAttention } from "./ops.ts";

type Gate<C extends number> = <S extends number>(x: Feature<C, S>, y: Feature<C, S>) => readonly [Feature<C, S>, Feature<C, S>];

function gated<C extends number>(config: { readonly channels: C; readonly power?: number }): Gate<C> {
  return layer(gate, config, gated);
}

function doubled<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(doubledInPython, {}, [x], doubled);
}

function attended<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(selfAttention, {}, [x], attended);
}

const Gated = block("Gated", <C extends number>({ channels, power }: { channels: C; power: number }) => {
  const {
    left,
    right,
    gate: own,
  } = layers({
    left: conv2d({ in: channels, out: channels }),
    right: conv2d({ in: channels, out: channels }),
    gate: gated({ channels, power }),
  });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => {
    const [kept, rest] = own(left(x), right(x));
    return add(kept, doubled(rest));
  };
});

const Encoder = block("Encoder", ({ channels, depth }: { channels: number; depth: number }) => {
  const { stem, blocks, head } = layers({
    stem: conv2d({ in: 3, out: channels, stride: 2 }),
    blocks: Array.from({ length: depth }, (_, i) => Gated({ channels, power: i === 0 ? 0.5 : 1 })),
    head: conv2d({ in: channels, out: 8, stride: 4, kernel: 4 }),
  });
  return (image: Feature<3, 1>): Feature<8, 8> =>
    attended(head(blocks.reduce((x: Feature<number, 2>, each) => each(x), stem(image))));
});

const Decoder = block("Decoder", ({ channels }: { channels: number }) => {
  const {
    stem,
    gate: own,
    head,
  } = layers({
    stem: conv2d({ in: 4, out: channels }),
    gate: gated({ channels }),
    head: conv2d({ in: channels, out: 3 }),
  });
  return (latent: Feature<4, 8>): Feature<3, 1> => {
    const x = stem(latent);
    return head(upsample(own(x, doubled(x))[0], { factor: 8 }));
  };
});

export default model({ latentChannels: 4, encoder: Encoder({ channels: 8, depth: 3 }), decoder: Decoder({ channels: 8 }) });
