/** A KL autoencoder of Stable Diffusion's form, small enough to be trained on a processor: the one whose latents are known. */
import { sdVae } from "litevae";

export default sdVae({ name: "teacher", latentChannels: 4, base: 32, multipliers: [1, 1, 2, 2], blocks: 1, attention: false });
