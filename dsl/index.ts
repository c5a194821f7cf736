/** `litevae`: the models of the paper and its baselines, with their options. */
export { asymmetricKl, type AsymmetricKlOptions } from "./models/asymmetric-kl.ts";
export { cosmosTokenizer, type CosmosTokenizerOptions } from "./models/cosmos.ts";
export { dcAe, type DcAeOptions, type DcDecoderOptions, type DcEncoderOptions } from "./models/dc-ae.ts";
export type { DcActivation, DcDownsampling, DcNorm, DcUpsampling } from "./models/autoencoder-dc.ts";
export type { DecoderOptions } from "./models/kl-decoder.ts";
export { flux2Vae, type Flux2VaeOptions } from "./models/flux2.ts";
export { litevae, type LiteVaeOptions, type LiteVaeVariant } from "./models/litevae.ts";
export { taesd, type TaesdOptions } from "./models/taesd.ts";
export { sdVae, vaeSmall, type DiffusersSettings, type KlDecoderOptions, type SdVaeOptions } from "./models/sd-vae.ts";
export type { DecoderNorm } from "./models/autoencoder-kl.ts";
export type { DiscriminatorConfig } from "./models/discriminator-kinds.ts";
export type { Model } from "../src/ir/model.ts";
export { searchable } from "./searchable.ts";
export { recipe } from "./recipe.ts";
export { recipes } from "./recipes/index.ts";
export type { Recipe, RecipeInput } from "../src/recipe/schema.ts";
