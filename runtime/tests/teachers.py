"""Tiny teachers for the small model: two latent channels, half the sides."""

from pathlib import Path
from typing import Any

import torch

from litevae_runtime.nn.kl import kl_autoencoder

CONFIG: dict[str, Any] = {
    "_class_name": "AutoencoderKL",
    "block_out_channels": [32, 32],
    "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2,
    "latent_channels": 2,
    "mid_block_add_attention": False,
    "scaling_factor": 0.37,
    "shift_factor": 0.25,
}


def write_teacher(folder: Path, seed: int = 0, **settings: Any) -> Path:
    """Diffusers' files of an AutoencoderKL, whose latents vary with the image."""
    torch.manual_seed(seed)
    model = kl_autoencoder(CONFIG | settings)()
    for name, parameter in model.named_parameters():
        if ".resnets." in name and ".conv2." in name:
            # Blocks that hardly bend what goes through them, as trained ones do: noise would be hard to learn.
            parameter.data *= 0.1
    model.save_pretrained(
        folder, scaling_factor=CONFIG["scaling_factor"], shift_factor=CONFIG["shift_factor"]
    )
    return folder
