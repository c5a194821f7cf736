/** The autoencoder of FLUX.1 (Black Forest Labs 2024): SD3's architecture with weights and a scale of its own. */
import { sdVae } from "litevae";

export default sdVae({
  latentChannels: 16,
  diffusers: { scaling_factor: 0.3611, shift_factor: 0.1159, force_upcast: true, sample_size: 1024 },
});
