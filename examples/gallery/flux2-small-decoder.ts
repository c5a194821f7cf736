/** The autoencoder of FLUX.2 with the small decoder (Black Forest Labs 2026): 32 channels, the encoder as it was, a decoder of three quarters of the width. */
import { flux2Vae } from "litevae";

export default flux2Vae({ decoder: { base: 96 } });
