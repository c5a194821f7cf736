/** The autoencoder of VA-VAE (Yao et al. 2025, arXiv:2501.01423), which LightningDiT's latents are of: 16 times smaller, 32 channels, attention at 16². */
import { sdVae } from "litevae";

export default sdVae({
  latentChannels: 32,
  multipliers: [1, 1, 2, 2, 4],
  attentionLevels: [4],
  pointwise: true,
});
