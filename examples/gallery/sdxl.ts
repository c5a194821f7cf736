/** The autoencoder of Stable Diffusion XL (Podell et al. 2023, arXiv:2307.01952): that of Stable Diffusion, with weights and a scale of its own. */
import { sdVae } from "litevae";

export default sdVae({
  pointwise: true,
  diffusers: { scaling_factor: 0.13025, force_upcast: true, sample_size: 1024 },
});
