/** KL autoencoders that people have weights of, under the names that they go by. */
import type { SdVaeOptions } from "./sd-vae.ts";

interface Published {
  readonly about: string;
  readonly options: SdVaeOptions;
}

/** Architectures and numbers from the config.json that each was published with. */
export const published: Readonly<Record<string, Published>> = {
  sdxl: {
    about: "the KL autoencoder of Stable Diffusion XL: that of Stable Diffusion, trained anew",
    options: { pointwise: true, diffusers: { scaling_factor: 0.13025, force_upcast: true, sample_size: 1024 } },
  },
  sd3: {
    about: "the KL autoencoder of Stable Diffusion 3, 16 channels",
    options: {
      latentChannels: 16,
      diffusers: { scaling_factor: 1.5305, shift_factor: 0.0609, force_upcast: true, sample_size: 1024 },
    },
  },
  flux1: {
    about: "the KL autoencoder of FLUX.1, 16 channels",
    options: {
      latentChannels: 16,
      diffusers: { scaling_factor: 0.3611, shift_factor: 0.1159, force_upcast: true, sample_size: 1024 },
    },
  },
  "kl-f16d32": {
    about: "the KL autoencoder of VA-VAE and LightningDiT: five levels, 32 channels",
    options: { latentChannels: 32, multipliers: [1, 1, 2, 2, 4], attentionLevels: [4], pointwise: true },
  },
};
