/** The encoder of LiteVAE with the switches of the paper's ablations, and encoders that learn nothing (arXiv:2405.14477 App. D). */
import { must } from "../../src/errors/must.ts";
import { avgPool2d, concat, haarDwt, pixelUnshuffle, slice } from "../functions/index.ts";
import type { Feature } from "../feature.ts";
import { block, layers } from "../tracing/block.ts";
import { NafNet } from "./nafnet.ts";
import { UNet, type UNetNorm } from "./unet.ts";
import { Vit } from "./vit.ts";

/** A Haar level, counted from the image's. */
export type WaveletLevel = 1 | 2 | 3;

export interface Width {
  readonly channels: number;
  readonly multipliers: readonly number[];
}

/** Which encoder there is in the place of the paper's main one. */
export interface EncoderOptions {
  /** What extracts the features of a level: "unet" by default, or NAFNet's blocks in its place (Table 18). */
  readonly extractor?: "unet" | "nafnet";
  /** One feature extractor for all levels (Table 19); one for each by default. */
  readonly shared?: boolean;
  /** What aggregates them: "unet" by default, or a vision transformer (Table 20). */
  readonly aggregator?: "unet" | "vit";
  /** Levels whose bands are looked at: (1, 2, 3) by default, (2, 3) without those of the image's own resolution (Table 21). */
  readonly levels?: readonly WaveletLevel[];
  /** Of the residual blocks in extractors and aggregator: "group" as in the paper, by default. NAFNet's blocks and the transformer have norms of their own. */
  readonly norm?: UNetNorm;
  /** Channels of extractors and aggregator, and their multiples; those of the variant by default. */
  readonly widths?: { readonly extractor?: Width; readonly aggregator?: Width };
}

export interface WaveletEncoderConfig<I extends number, M extends number> extends Required<
  Omit<EncoderOptions, "norm" | "widths">
> {
  readonly imageChannels: I;
  /** Channels of the moments: twice the latent's. */
  readonly moments: M;
  readonly extractorWidth: Width;
  readonly aggregatorWidth: Width;
  readonly dropout: number;
  /** "group" by default. */
  readonly norm?: UNetNorm;
}

type Extract = <S extends number>(x: Feature<number, S>) => Feature<number, S>;

/** The transformer of Table 20 has 0.84 M parameters; width and depth are chosen to give that, since the paper says no more. */
const vit = { width: 128, heads: 4, depth: 4 };

/** [N, imageChannels, H, W] → moments [N, 2·nz, H/8, W/8], as LiteVaeEncoder with other parts. */
export const WaveletEncoder = block(
  "WaveletEncoder",
  <I extends number, M extends number>(config: WaveletEncoderConfig<I, M>) => {
    const { imageChannels, moments, extractor, shared, aggregator, levels, extractorWidth, aggregatorWidth, dropout } = config;
    const bands = 4 * imageChannels;
    const residual = { dropout, ...(config.norm === undefined ? {} : { norm: config.norm }) };
    const extract = (): Extract =>
      extractor === "unet"
        ? UNet({ in: bands, out: bands, ...extractorWidth, ...residual })
        : NafNet({ in: bands, out: bands, ...extractorWidth });
    const joined = levels.length * bands;
    const { extractors, aggregator: aggregate } = layers({
      extractors: shared ? [extract()] : levels.map(extract),
      aggregator:
        aggregator === "unet"
          ? UNet({ in: joined, out: moments, ...aggregatorWidth, ...residual })
          : Vit({ in: joined, out: moments, ...vit }),
    });
    return (image: Feature<I, 1>): Feature<M, 8> => {
      const features: Feature<number, number>[] = [];
      let low: Feature<number, number> = image;
      for (const level of [1, 2, 3] as const) {
        const transformed = haarDwt(low, { scale: 0.5 });
        low = transformed.low;
        const place = levels.indexOf(level);
        const own = extractors[shared ? 0 : place];
        if (place === -1 || own === undefined) continue;
        const found = own(transformed.bands);
        features.push(level === 3 ? found : avgPool2d(found, { size: level === 1 ? 4 : 2 }));
      }
      const [first, ...rest] = features;
      return aggregate<8>(concat(must(first, "the features of a level"), ...rest));
    };
  },
);

/** Encoders that learn nothing: the bands of the third level alone, or beside them the details of the second, whose 2×2 cells become channels (Tables 11–13). */
export type FixedEncoding = "lowest-level" | "space-to-depth";

/** Channels of the latent that such an encoder gives: 12 or 48 of colour images. */
export function fixedChannels(encoding: FixedEncoding, imageChannels: number): number {
  return (encoding === "lowest-level" ? 4 : 16) * imageChannels;
}

/** [N, imageChannels, H, W] → the latent itself, [N, 4·imageChannels or 16·imageChannels, H/8, W/8]. */
export const FixedEncoder = block(
  "FixedEncoder",
  <I extends number>({ imageChannels, encoding }: { readonly imageChannels: I; readonly encoding: FixedEncoding }) => {
    return (image: Feature<I, 1>): Feature<number, 8> => {
      const { low } = haarDwt(image, { scale: 0.5 });
      const second = haarDwt(low, { scale: 0.5 });
      const { bands } = haarDwt(second.low, { scale: 0.5 });
      if (encoding === "lowest-level") return bands;
      const details = slice(second.bands, { start: imageChannels, stop: 4 * imageChannels });
      return concat(bands, pixelUnshuffle(details, { factor: 2 }));
    };
  },
);
