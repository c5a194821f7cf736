/** A wavelet encoder for the teacher's latents. */
import { litevae } from "litevae";

export default litevae({
  name: "student",
  variant: "S",
  latentChannels: 4,
  decoder: { norm: "smc", base: 16, multipliers: [1, 1, 2, 2], blocks: 1 },
});
