/** The autoencoder of Stable Diffusion 3 (Esser et al. 2024, arXiv:2403.03206): 16 channels, no 1×1 convolutions around the latent. */
import { sdVae } from "litevae";

export default sdVae({
  latentChannels: 16,
  diffusers: { scaling_factor: 1.5305, shift_factor: 0.0609, force_upcast: true, sample_size: 1024 },
});
