"""Pairs of images to compare."""

import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]


def images(channels: int = 3, size: tuple[int, int] = (16, 24), count: int = 2) -> Pair:
    """Two different batches in [-1, 1], in float64."""
    generator = torch.Generator().manual_seed(channels)
    shape = (count, channels, *size)
    x = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return (x + 0.1 * torch.randn(shape, generator=generator, dtype=torch.float64)).clamp(-1, 1), x
