import type { Autoencoder } from "../src/ir/model.ts";
import { usualAutoencoder } from "../src/ir/autoencoder.ts";
import type { Add, Feature } from "./feature.ts";
import { chunk, clamp } from "./functions/index.ts";

/** What an encoder says of the latent: a Gaussian, or the latent itself. */
export type PosteriorKind = "gaussian" | "none";

/** The channels of an encoder that ends in a latent of Z channels. */
export type Moments<Z extends number, P extends PosteriorKind> = P extends "none" ? Z : Add<Z, Z>;

/** Log-variances are limited as in latent diffusion (arXiv:2405.14477 leaves it open); the runtime's LOGVAR_RANGE is this one. */
export const logvarRange = { min: -30, max: 20 } as const;

/** Under which name the moments stand where an encoder gives more than them. */
export type MomentsName<P extends PosteriorKind> = P extends "none" ? "latent" : "moments";

export interface Ending {
  /** As `MomentsName`. */
  readonly name: MomentsName<PosteriorKind>;
  /** The encoder's channels for each of the latent's. */
  readonly channels: number;
  /** What the encoder's channels are called where they are not as many as wanted. */
  readonly wanted: string;
  /** In words: how many channels the encoder's last layer gives, and what they are. */
  readonly gives: (latentChannels: number) => string;
  readonly meaning: string;
  readonly outputs: (moments: Feature<number, number>) => Readonly<Record<string, unknown>>;
  /** The outputs that the encoder has for its moments. */
  readonly names: readonly string[];
  /** Which of them is the latent: what decoders decode. */
  readonly latent: string;
  readonly posterior: Pick<Autoencoder, "posterior">;
}

/** How an encoder ends: what becomes of what its author's function returns. */
export const endings: Readonly<Record<PosteriorKind, Ending>> = {
  gaussian: {
    name: "moments",
    channels: 2,
    wanted: "the encoder gives other moments than the model's latent needs",
    gives: (latentChannels) => `2 × latentChannels = ${2 * latentChannels} channels: means, then log-variances`,
    meaning: "means, then log-variances along its channels",
    outputs: (moments) => {
      const [mean, logvar] = chunk(moments, { chunks: 2 });
      return { mean, logvar: clamp(logvar, logvarRange) };
    },
    names: Object.values(usualAutoencoder.posterior),
    latent: usualAutoencoder.posterior.mean,
    posterior: { posterior: usualAutoencoder.posterior },
  },
  none: {
    name: "latent",
    channels: 1,
    wanted: "the encoder gives another latent than the model's",
    gives: (latentChannels) => `latentChannels = ${latentChannels} channels: the latent itself, as posterior is "none"`,
    meaning: "the latent",
    outputs: (latent) => ({ latent }),
    names: ["latent"],
    latent: "latent",
    posterior: {},
  },
};
