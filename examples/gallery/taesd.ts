/** TAESD (Bohan 2023): encoder and decoder of 1.2 M parameters each, for the latents of Stable Diffusion. */
import { taesd } from "litevae";

export default taesd();
