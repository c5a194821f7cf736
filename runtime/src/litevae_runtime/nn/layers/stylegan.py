"""What discriminators of the StyleGAN family have."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .rules import at_least_float32


def blur(x: Tensor, stride: int = 1, padding: int = 0, taps: Sequence[int] = (1, 3, 3, 1)) -> Tensor:
    """Smooths with `taps` over their sum along both sides; (1, 3, 3, 1)/8 is what StyleGAN2 does before a stride.

    [N, C, H, W] -> [N, C, H', W'].
    H' = (H + 2·padding - len(taps)) // stride + 1, as `padding` zeros stand on every side.
    """
    x = F.pad(x, (padding, padding, padding, padding))
    for side in (2, 3):
        weighed = [
            tap * part for tap, part in zip(taps, x.unfold(side, len(taps), stride).unbind(-1), strict=True)
        ]
        x = torch.stack(weighed).sum(0) / sum(taps)
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
