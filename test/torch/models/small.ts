import { litevae } from "litevae";

/** Everything that training moves and inference folds or drops: self-modulated and spectral-normalised layers, dropout, stages. */
export default litevae({
  variant: "S",
  latentChannels: 4,
  pointwise: true,
  dropout: 0.2,
  decoder: { norm: "smc", base: 8 },
  discriminator: { kind: "unet", channels: 4, multipliers: [1, 2, 4] },
});
