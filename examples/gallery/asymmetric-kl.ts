/** The asymmetric VQGAN for Stable Diffusion, 1.5 (Zhu et al. 2023, arXiv:2306.04632): a decoder larger than the encoder, which takes image and mask past the latent. */
import { asymmetricKl } from "litevae";

export default asymmetricKl({ decoder: { base: 192, blocks: 4 } });
