import { litevae } from "litevae";

/** LiteVAE-B with a self-modulated decoder. */
export default litevae({ variant: "B", latentChannels: 12, decoder: { norm: "smc" } });
