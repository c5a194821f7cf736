/** The autoencoder of SANA (Xie et al. 2024, arXiv:2410.10629): DC-AE whose attention sees neighbourhoods of 5×5, too. */
import { dcAe } from "litevae";

export default dcAe({
  encoder: { blocks: [2, 2, 2, 3, 3, 3], kernels: [5], downsample: "conv" },
  decoder: { blocks: [3, 3, 3, 3, 3, 3], kernels: [5], upsample: "interpolate", norm: "rms", activation: "silu" },
  diffusers: { scaling_factor: 0.41407 },
});
