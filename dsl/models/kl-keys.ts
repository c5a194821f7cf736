/** What published files of KL autoencoders call what diffusers calls otherwise. */
import type { Interchange } from "../../src/ir/model.ts";

type Renames = Interchange["renames"];

/** Keys that diffusers gave attention layers before 0.13, and that published files still have. */
const oldAttention: Renames = {
  "attentions.*.query": "attentions.*.to_q",
  "attentions.*.key": "attentions.*.to_k",
  "attentions.*.value": "attentions.*.to_v",
  "attentions.*.proj_attn": "attentions.*.to_out.0",
};

/** Keys of latent diffusion (Rombach et al. 2022), which the single files of SD, SD3 and FLUX have too; there the decoder counts its levels from the image on. */
function latentDiffusion(levels: number): Renames {
  const up = Array.from({ length: levels }, (_, i) => [`decoder.up.${i}`, `decoder.up_blocks.${levels - 1 - i}`] as const);
  return {
    "encoder.down": "encoder.down_blocks",
    ...Object.fromEntries(up),
    "down_blocks.*.block": "down_blocks.*.resnets",
    "up_blocks.*.block": "up_blocks.*.resnets",
    "down_blocks.*.attn": "down_blocks.*.attentions",
    "up_blocks.*.attn": "up_blocks.*.attentions",
    "down_blocks.*.downsample": "down_blocks.*.downsamplers.0",
    "up_blocks.*.upsample": "up_blocks.*.upsamplers.0",
    "mid.block_1": "mid_block.resnets.0",
    "mid.attn_1": "mid_block.attentions.0",
    "mid.block_2": "mid_block.resnets.1",
    nin_shortcut: "conv_shortcut",
    norm_out: "conv_norm_out",
    "attentions.*.norm": "attentions.*.group_norm",
    "attentions.*.q": "attentions.*.to_q",
    "attentions.*.k": "attentions.*.to_k",
    "attentions.*.v": "attentions.*.to_v",
    "attentions.*.proj_out": "attentions.*.to_out.0",
  };
}

/** All of them, for so many levels. */
export function klRenames(levels: number): Renames {
  return { ...oldAttention, ...latentDiffusion(levels) };
}
