"""Activations that torch.nn lacks."""

import torch
from torch import Tensor, nn


def quick_gelu(x: Tensor) -> Tensor:
    """x·sigmoid(1.702·x), an approximation of GELU (arXiv:1606.08415 §2)."""
    return x * torch.sigmoid(1.702 * x)


class Snake(nn.Module):
    """x + sin²(αx)/α (arXiv:2006.08195) with a learned α per channel: [N, C, H, W] -> [N, C, H, W].

    `alpha` [1, C, 1, 1] starts at 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x).square() / (self.alpha + 1e-9)
