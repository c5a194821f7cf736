/** The models that the CLI knows by name. */
import type { Model, Network } from "../../src/ir/model.ts";
import { discriminatorNetworks } from "./discriminator-kinds.ts";
import { hasPointwise } from "./kl-decoder.ts";
import { searchableLiteVae, type LiteVaeVariant } from "./litevae.ts";
import { perceptualNetworks } from "./perceptual.ts";
import { published } from "./published.ts";
import { sdVae, vaeSmall } from "./sd-vae.ts";

export interface BuiltInOptions {
  readonly latentChannels?: number | undefined;
  /** Keys of the weights that the model is to take: they tell which of the options that published files differ in are on. */
  readonly weightKeys?: readonly string[] | undefined;
}

function optionsOf({ latentChannels, weightKeys }: BuiltInOptions): {
  readonly latentChannels?: number;
  readonly pointwise?: boolean;
} {
  return {
    ...(latentChannels === undefined ? {} : { latentChannels }),
    ...(weightKeys === undefined ? {} : { pointwise: hasPointwise(weightKeys) }),
  };
}

export interface BuiltIn {
  readonly about: string;
  build(options: BuiltInOptions): Model;
}

const variants: readonly LiteVaeVariant[] = ["S", "B", "M", "L"];

function litevaeEntries(): [string, BuiltIn][] {
  return variants.flatMap((variant) => {
    const name = variant.toLowerCase();
    return [
      [
        name,
        {
          about: `LiteVAE-${variant}, GroupNorm decoder`,
          build: (options) => searchableLiteVae({ name, variant, ...optionsOf(options) }),
        },
      ],
      [
        `${name}-smc`,
        {
          about: `LiteVAE-${variant}, self-modulated decoder`,
          build: (options) =>
            searchableLiteVae({ name: `${name}-smc`, variant, decoder: { norm: "smc" }, ...optionsOf(options) }),
        },
      ],
    ] satisfies [string, BuiltIn][];
  });
}

function publishedEntries(): readonly (readonly [string, BuiltIn])[] {
  return Object.entries(published).map(([name, { about, build }]) => [
    name,
    { about, build: (chosen) => build({ name, ...optionsOf(chosen) }) },
  ]);
}

export const builtIns: Readonly<Record<string, BuiltIn>> = {
  ...Object.fromEntries(litevaeEntries()),
  "sd-vae": {
    about: "the KL autoencoder of Stable Diffusion",
    build: (options) => sdVae({ name: "sd-vae", ...optionsOf(options) }),
  },
  "vae-small": {
    about: "SD-VAE with an encoder of LiteVAE-B's size",
    build: (options) => vaeSmall({ name: "vae-small", ...optionsOf(options) }),
  },
  ...Object.fromEntries(publishedEntries()),
  nano: {
    about: "S encoder, self-modulated decoder of base 24: the demo's model",
    build: (options) =>
      searchableLiteVae({
        name: "nano",
        variant: "S",
        decoder: { norm: "smc", base: 24 },
        discriminator: { kind: "unet", channels: 8, multipliers: [1, 2, 4, 8, 16] },
        ...optionsOf(options),
      }),
  },
};

const besides = new Map<number, Readonly<Record<string, readonly Network[]>>>();

/** The networks that training needs beside an autoencoder of such images, by the Python modules that hold them; the same ones for every model. */
export function networks(imageChannels: number): Readonly<Record<string, readonly Network[]>> {
  const found = besides.get(imageChannels) ?? {
    perceptual: perceptualNetworks(),
    discriminators: discriminatorNetworks(imageChannels),
  };
  besides.set(imageChannels, found);
  return found;
}
