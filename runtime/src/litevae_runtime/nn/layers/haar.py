"""The two-dimensional Haar transform and its inverse."""

import torch
import torch.nn.functional as F
from torch import Tensor


def haar_dwt(x: Tensor, scale: float = 1.0) -> Tensor:
    """One level of the orthonormal Haar transform times `scale`: [N, C, H, W] -> [N, 4C, H/2, W/2].

    Band-major with PyWavelets' signs: cA of every channel, then cH, cV, cD (arXiv:2405.14477 §3).
    """
    a, b = x[:, :, 0::2, 0::2], x[:, :, 0::2, 1::2]
    c, d = x[:, :, 1::2, 0::2], x[:, :, 1::2, 1::2]
    bands = torch.cat([a + b + c + d, a + b - c - d, a - b + c - d, a - b - c + d], dim=1)
    return bands * (scale / 2)


def haar_idwt(x: Tensor, scale: float = 1.0) -> Tensor:
    """The inverse of one level of `haar_dwt`, times `scale`: [N, 4C, H, W] -> [N, C, 2H, 2W]."""
    ca, ch, cv, cd = x.chunk(4, dim=1)
    cells = [ca + ch + cv + cd, ca + ch - cv - cd, ca - ch + cv - cd, ca - ch - cv + cd]
    return F.pixel_shuffle(torch.stack(cells, dim=2).flatten(1, 2), 2) * (scale / 2)
