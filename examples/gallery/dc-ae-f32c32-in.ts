/** DC-AE of ImageNet (Chen et al. 2024, arXiv:2410.10733): 32 times smaller, 32 channels; residual blocks and linear attention, without a distribution. */
import { dcAe } from "litevae";

export default dcAe({ diffusers: { scaling_factor: 0.3189 } });
