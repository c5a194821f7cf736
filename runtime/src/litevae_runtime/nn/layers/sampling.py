"""Interpolation to sides that another map has."""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor


def resize_to(x: Tensor, like: Tensor, mode: Literal["bilinear", "bicubic"] = "bilinear") -> Tensor:
    """[N, C, H, W], or a table [C, H, W], with the sides of the map `like`: corners not aligned, not antialiased."""
    resized = F.interpolate(x if x.dim() == 4 else x.unsqueeze(0), size=like.shape[2:], mode=mode)
    return resized if x.dim() == 4 else resized.squeeze(0)
