/** A LiteVAE that pipelines of diffusers run on in seconds. */
import { litevae } from "litevae";
export default litevae({
  name: "pipeline",
  variant: "S",
  latentChannels: 4,
  decoder: { norm: "smc", base: 4 },
  discriminator: false,
});
