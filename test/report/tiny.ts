/** A model small enough to count by hand, and variants of it. */
import { add, block, conv2d, dropout, layers, model, silu, upsample, type Feature, type Model } from "../../dsl/authoring.ts";

export interface TinyOptions {
  readonly name?: string;
  /** Channels inside the encoder; 4 by default. */
  readonly width?: number;
  readonly latentChannels?: number;
  /** Adds dropout before the encoder's last convolution. */
  readonly rate?: number;
  /** Applies the encoder's 3×3 convolution this often; once by default. */
  readonly repeat?: number;
  readonly discriminator?: boolean;
}

type FeatureMap = Feature<number, number>;

const TinyBlock = block("TinyBlock", ({ width, rate, repeat }: { width: number; rate: number; repeat: number }) => {
  const { conv, drop } = layers({
    conv: conv2d({ in: width, out: width }),
    ...(rate > 0 ? { drop: dropout({ rate }) } : {}),
  });
  return (x: FeatureMap): FeatureMap => {
    let h = x;
    for (let i = 0; i < repeat; i++) h = conv(silu(h));
    return add(x, drop === undefined ? h : drop(h));
  };
});

interface EncoderConfig {
  readonly width: number;
  readonly moments: number;
  readonly rate: number;
  readonly repeat: number;
}

const TinyEncoder = block("TinyEncoder", ({ width, moments, rate, repeat }: EncoderConfig) => {
  const { conv_in, res, conv_out } = layers({
    conv_in: conv2d({ in: 3, out: width, stride: 2 }),
    res: TinyBlock({ width, rate, repeat }),
    conv_out: conv2d({ in: width, out: moments, kernel: 1 }),
  });
  return (x: Feature<3, 1>): Feature<number, 2> => conv_out(res(conv_in(x)) as Feature<number, 2>);
});

const TinyDecoder = block("TinyDecoder", ({ latentChannels }: { latentChannels: number }) => {
  const { conv } = layers({ conv: conv2d({ in: latentChannels, out: 3 }) });
  return (z: Feature<number, 2>): Feature<3, 1> => conv(upsample(z, { factor: 2 }));
});

/** Needs sizes that are multiples of 4, where the encoder needs 2. */
const TinyDiscriminator = block("TinyDiscriminator", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 1, kernel: 4, stride: 4, padding: 0 }) });
  return (x: Feature<3, 1>): Feature<1, 4> => conv(x);
});

export function tiny(options: TinyOptions = {}): Model {
  const { name = "tiny", width = 4, latentChannels = 1, rate = 0, repeat = 1, discriminator = false } = options;
  return model({
    name,
    latentChannels,
    encoder: TinyEncoder({ width, moments: 2 * latentChannels, rate, repeat }),
    decoder: TinyDecoder({ latentChannels }),
    ...(discriminator ? { discriminator: TinyDiscriminator() } : {}),
  });
}
