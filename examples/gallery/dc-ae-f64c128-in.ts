/** DC-AE of ImageNet with seven levels (Chen et al. 2024, arXiv:2410.10733): 64 times smaller, 128 channels. */
import { dcAe } from "litevae";

const levels = { widths: [128, 256, 512, 512, 1024, 1024, 2048], attentionLevels: [3, 4, 5, 6] };

export default dcAe({
  latentChannels: 128,
  encoder: { ...levels, blocks: [0, 4, 8, 2, 2, 2, 2] },
  decoder: { ...levels, blocks: [0, 5, 10, 2, 2, 2, 2] },
  diffusers: { scaling_factor: 0.2889 },
});
