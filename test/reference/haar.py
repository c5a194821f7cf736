"""Orthonormal 2D Haar transform (arXiv:2405.14477 §3, App. G) with the names and signs of PyWavelets."""

import torch
from torch import Tensor


def haar(image: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, 4C, H/2, W/2], band-major: cA of every channel, then cH, cV, cD."""
    a, b = image[..., 0::2, 0::2], image[..., 0::2, 1::2]
    c, d = image[..., 1::2, 0::2], image[..., 1::2, 1::2]
    return torch.cat([a + b + c + d, a + b - c - d, a - b + c - d, a - b - c + d], dim=1) / 2


def haar_inverse(bands: Tensor) -> Tensor:
    """[N, 4C, H, W], band-major -> [N, C, 2H, 2W]; the inverse of `haar`."""
    ca, ch, cv, cd = bands.chunk(4, dim=1)
    top = torch.stack([ca + ch + cv + cd, ca + ch - cv - cd], dim=-1).flatten(-2)
    bottom = torch.stack([ca - ch + cv - cd, ca - ch - cv + cd], dim=-1).flatten(-2)
    return torch.stack([top, bottom], dim=-2).flatten(-3, -2) / 2


def haar_levels(image: Tensor, count: int) -> list[Tensor]:
    """Levels 1..count, each transforming the cA of the one before: level l is [N, 4C, H/2^l, W/2^l]."""
    levels = []
    low = image
    for _ in range(count):
        levels.append(haar(low))
        low = levels[-1][:, : image.shape[1]]
    return levels
