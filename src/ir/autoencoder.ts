/** What this toolkit's own autoencoders call their parts and what goes between them: the one place that says these names. */
import type { Autoencoder, Model, Part, Sources } from "./model.ts";
import { partOf } from "./walk.ts";

/** The roles as `model()` declares them; a model without a discriminator leaves it out. */
export const usualAutoencoder = {
  encoder: "encoder",
  decoder: "decoder",
  posterior: { mean: "mean", logvar: "logvar" },
  discriminator: "discriminator",
} as const satisfies Autoencoder;

/** How a compiled folder's graphs go together. */
export interface Wiring {
  /** What `encode` and `decode` run; null where the model is no autoencoder. */
  readonly autoencoder: Autoencoder | null;
  /** What parts take of others, by the part's name. */
  readonly sources: Readonly<Record<string, Sources>>;
}

export function wiringOf({ autoencoder, parts }: Pick<Model, "autoencoder" | "parts">): Wiring {
  const sources = parts.flatMap((part) => (part.sources === undefined ? [] : [[part.name, part.sources] as const]));
  return {
    autoencoder: autoencoder ?? null,
    sources: Object.fromEntries(sources),
  };
}

/** That of folders which say nothing else. */
export const usualWiring: Wiring = {
  autoencoder: usualAutoencoder,
  sources: { decoder: { latent: { part: "encoder", output: "mean" } } },
};

/** Whether it says no more than `usualWiring`; a discriminator may be missing. */
export function isUsual({ autoencoder, sources }: Wiring): boolean {
  const { discriminator } = usualAutoencoder;
  const filled: Wiring = {
    autoencoder: autoencoder && { ...autoencoder, discriminator: autoencoder.discriminator ?? discriminator },
    sources,
  };
  return JSON.stringify(filled) === JSON.stringify(usualWiring);
}

/** The parts of an autoencoder: what the trainer's class and the client run. */
export interface AutoencoderParts {
  readonly imageChannels: number;
  readonly latentChannels: number;
  readonly stride: number;
  readonly encoder: Part;
  readonly decoder: Part;
  readonly discriminator: Part | undefined;
  /** Absent where the encoder gives the latent itself. */
  readonly posterior: Autoencoder["posterior"];
}

export function autoencoderParts(model: Model): AutoencoderParts | undefined {
  const roles = model.autoencoder;
  if (roles === undefined) return undefined;
  const { imageChannels, latentChannels, stride } = model;
  if (imageChannels === undefined || latentChannels === undefined || stride === undefined)
    throw new Error(`${model.name} is an autoencoder of unknown images or latents`);
  const [encoding, decoding] = [partOf(model, roles.encoder), partOf(model, roles.decoder)];
  if (encoding === undefined || decoding === undefined) throw new Error(`${model.name} lacks a part of its autoencoder`);
  return {
    imageChannels,
    latentChannels,
    stride,
    encoder: encoding,
    decoder: decoding,
    discriminator: roles.discriminator === undefined ? undefined : partOf(model, roles.discriminator),
    posterior: roles.posterior,
  };
}
