import { litevae } from "litevae";
export default litevae({
  variant: "S",
  imageChannels: 1,
  latentChannels: 6,
  pointwise: true,
  decoder: { norm: "smc", base: 32 },
  discriminator: { kind: "unet", channels: 16, multipliers: [1, 2, 4], reduction: "mean" },
});
