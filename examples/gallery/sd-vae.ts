/** The autoencoder of Stable Diffusion (Rombach et al. 2022, arXiv:2112.10752): 8 times smaller, 4 channels. */
import { sdVae } from "litevae";

export default sdVae({ pointwise: true });
