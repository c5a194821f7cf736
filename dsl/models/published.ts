/** Autoencoders that people have weights of, under the names that they go by. */
import type { Model } from "../../src/ir/model.ts";
import { sdVae, type SdVaeOptions } from "./sd-vae.ts";
import { taesd, type TaesdOptions } from "./taesd.ts";

interface Published {
  readonly about: string;
  build(chosen: SdVaeOptions & TaesdOptions): Model;
}

const kl = (about: string, options: SdVaeOptions): Published => ({
  about,
  build: (chosen) => sdVae({ ...options, ...chosen }),
});

const tiny = (about: string, options: TaesdOptions): Published => ({
  about,
  // What KL autoencoders alone have is none of its settings.
  build: ({ name, latentChannels = options.latentChannels }) =>
    taesd({ ...options, ...(name === undefined ? {} : { name }), ...(latentChannels === undefined ? {} : { latentChannels }) }),
});

/** Architectures and numbers from the config.json that each was published with. */
export const published: Readonly<Record<string, Published>> = {
  sdxl: kl("the KL autoencoder of Stable Diffusion XL: that of Stable Diffusion, trained anew", {
    pointwise: true,
    diffusers: { scaling_factor: 0.13025, force_upcast: true, sample_size: 1024 },
  }),
  sd3: kl("the KL autoencoder of Stable Diffusion 3, 16 channels", {
    latentChannels: 16,
    diffusers: { scaling_factor: 1.5305, shift_factor: 0.0609, force_upcast: true, sample_size: 1024 },
  }),
  flux1: kl("the KL autoencoder of FLUX.1, 16 channels", {
    latentChannels: 16,
    diffusers: { scaling_factor: 0.3611, shift_factor: 0.1159, force_upcast: true, sample_size: 1024 },
  }),
  "kl-f16d32": kl("the KL autoencoder of VA-VAE and LightningDiT: five levels, 32 channels", {
    latentChannels: 32,
    multipliers: [1, 1, 2, 2, 4],
    attentionLevels: [4],
    pointwise: true,
  }),
  taesd: tiny("TAESD, the tiny autoencoder of Stable Diffusion's latents, without a distribution", {}),
  taef1: tiny("the tiny autoencoder of FLUX.1's latents, 16 channels", { latentChannels: 16 }),
};
