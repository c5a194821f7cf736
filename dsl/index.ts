/** `litevae`: the models of the paper and its baselines, with their options. */
export type { DecoderOptions } from "./models/kl-decoder.ts";
export { litevae, type LiteVaeOptions, type LiteVaeVariant } from "./models/litevae.ts";
export { taesd, type TaesdOptions } from "./models/taesd.ts";
export { sdVae, vaeSmall, type DiffusersSettings, type KlDecoderOptions, type SdVaeOptions } from "./models/sd-vae.ts";
export type { DecoderNorm } from "./models/autoencoder-kl.ts";
export type { DiscriminatorConfig } from "./models/discriminator-kinds.ts";
export type { Model } from "../src/ir/model.ts";
export { recipe } from "./recipe.ts";
export { recipes } from "./recipes/index.ts";
export type { Recipe, RecipeInput } from "../src/recipe/schema.ts";
