/** Autoencoders that people have weights of, under the names that they go by. */
import type { Model } from "../../src/ir/model.ts";
import { asymmetricKl } from "./asymmetric-kl.ts";
import { cosmosTokenizer } from "./cosmos.ts";
import { dcAe, type DcAeOptions } from "./dc-ae.ts";
import { flux2Vae } from "./flux2.ts";
import { sdVae, type SdVaeOptions } from "./sd-vae.ts";
import { taesd, type TaesdOptions } from "./taesd.ts";

/** What a name's user may choose besides: KL autoencoders alone have `pointwise`. */
type Chosen = Pick<SdVaeOptions, "name" | "latentChannels" | "pointwise">;

interface Published {
  readonly about: string;
  build(chosen: Chosen): Model;
}

const kl = (about: string, options: SdVaeOptions): Published => ({
  about,
  build: (chosen) => sdVae({ ...options, ...chosen }),
});

const without = ({ name, latentChannels }: Chosen): Pick<Chosen, "name" | "latentChannels"> => ({
  ...(name === undefined ? {} : { name }),
  ...(latentChannels === undefined ? {} : { latentChannels }),
});

const tiny = (about: string, options: TaesdOptions): Published => ({
  about,
  build: (chosen) => taesd({ ...options, ...without(chosen) }),
});

const deep = (about: string, options: DcAeOptions): Published => ({
  about,
  build: (chosen) => dcAe({ ...options, ...without(chosen) }),
});

const cosmos = (stride: 8 | 16): Published => ({
  about: `the continuous image tokenizer of Cosmos, ${stride} times smaller, 16 channels, without a distribution`,
  build: (chosen) => cosmosTokenizer({ stride, ...without(chosen) }),
});

/** DC-AE's levels where the latent is 64 times smaller. */
const seven = { widths: [128, 256, 512, 512, 1024, 1024, 2048], attentionLevels: [3, 4, 5, 6] };

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
  "flux2-small-decoder": {
    about: "the KL autoencoder of FLUX.2 with its small decoder, 32 channels",
    build: (chosen) => flux2Vae({ ...without(chosen), decoder: { base: 96 } }),
  },
  "asymmetric-kl": {
    about: "the asymmetric VQGAN for Stable Diffusion, 1.5: a larger decoder, which takes image and mask past the latent",
    build: (chosen) => asymmetricKl(without(chosen)),
  },
  taesd: tiny("TAESD, the tiny autoencoder of Stable Diffusion's latents, without a distribution", {}),
  taef1: tiny("the tiny autoencoder of FLUX.1's latents, 16 channels", { latentChannels: 16 }),
  "dc-ae-f32c32-in": deep("DC-AE of ImageNet, 32 times smaller, 32 channels, without a distribution", {
    diffusers: { scaling_factor: 0.3189 },
  }),
  "dc-ae-f32c32-sana": deep("DC-AE of SANA, 32 times smaller, 32 channels, attention at neighbourhoods, too", {
    encoder: { blocks: [2, 2, 2, 3, 3, 3], kernels: [5], downsample: "conv" },
    decoder: { blocks: [3, 3, 3, 3, 3, 3], kernels: [5], upsample: "interpolate", norm: "rms", activation: "silu" },
    diffusers: { scaling_factor: 0.41407 },
  }),
  "dc-ae-f64c128-in": deep("DC-AE of ImageNet, 64 times smaller, 128 channels", {
    latentChannels: 128,
    encoder: { ...seven, blocks: [0, 4, 8, 2, 2, 2, 2] },
    decoder: { ...seven, blocks: [0, 5, 10, 2, 2, 2, 2] },
    diffusers: { scaling_factor: 0.2889 },
  }),
  "cosmos-ci8x8": cosmos(8),
  "cosmos-ci16x16": cosmos(16),
};
