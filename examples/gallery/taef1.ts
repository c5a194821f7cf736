/** The tiny autoencoder of FLUX.1's latents (Bohan 2024): TAESD's architecture with 16 channels. */
import { taesd } from "litevae";

export default taesd({ latentChannels: 16 });
