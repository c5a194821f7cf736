"""From diffusers' files to those of latent diffusion, by hand: the table of the compiler goes the other way."""

import re
from collections.abc import Mapping

from torch import Tensor


def _key(key: str, levels: int) -> str:
    def up(match: re.Match[str]) -> str:
        return f"decoder.up.{levels - 1 - int(match[1])}."

    key = re.sub(r"^decoder\.up_blocks\.(\d+)\.", up, key).replace("encoder.down_blocks.", "encoder.down.")
    key = key.replace("downsamplers.0.", "downsample.").replace("upsamplers.0.", "upsample.")
    key = key.replace("mid_block.resnets.0.", "mid.block_1.").replace("mid_block.resnets.1.", "mid.block_2.")
    key = key.replace("mid_block.attentions.0.", "mid.attn_1.")
    key = key.replace(".resnets.", ".block.").replace(".attentions.", ".attn.")
    if ".attn" in key:
        key = key.replace(".group_norm.", ".norm.").replace(".to_out.0.", ".proj_out.")
        key = re.sub(r"\.to_([qkv])\.", r".\1.", key)
    return key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


def latent_diffusion(state: Mapping[str, Tensor], levels: int) -> dict[str, Tensor]:
    """Under its keys, attention stored as 1×1 convolutions."""
    return {
        _key(key, levels): (
            value[:, :, None, None].contiguous() if re.search(r"\.(to_.|to_out\.0)\.weight$", key) else value
        )
        for key, value in state.items()
    }
