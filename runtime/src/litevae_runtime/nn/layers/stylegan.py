"""What discriminators of the StyleGAN family have."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .rules import at_least_float32


def blur(x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """Smooths with (1, 3, 3, 1)/8 along both sides, as StyleGAN2 does before a stride.

    [N, C, H, W] -> [N, C, H', W'].
    H' = (H + 2·padding - 4) // stride + 1, as `padding` zeros stand on every side.
    """
    x = F.pad(x, (padding, padding, padding, padding))
    for side in (2, 3):
        a, b, c, d = x.unfold(side, 4, stride).unbind(-1)
        x = (a + d + 3 * (b + c)) / 8
    return x


def minibatch_stddev(x: Tensor, group: int = 4) -> Tensor:
    """Appends a channel that tells how much images differ (arXiv:1710.10196 §3).

    [N, C, H, W] -> [N, C + 1, H, W]. It is the deviation over groups of consecutive images, averaged over
    channels and positions. A group has `group` images, or the next smaller number that divides N.
    """
    n, c, h, w = x.shape
    size = next(count for count in range(min(group, n), 0, -1) if n % count == 0)
    groups = at_least_float32(x).reshape(n // size, size, c, h, w)
    level = (groups.var(dim=1, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    each = level.to(x.dtype).repeat_interleave(size).view(n, 1, 1, 1)
    return torch.cat([x, each.expand(n, 1, h, w)], dim=1)
