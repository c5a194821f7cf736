"""Norms over the channels."""

import torch
from torch import Tensor, nn

from .rules import at_least_float32


class ChannelLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels (arXiv:1607.06450): [N, C], [N, C, L] or [N, C, H, W] at every position."""

    def __init__(self, channels: int, eps: float = 1e-5, bias: bool = True) -> None:
        super().__init__(channels, eps=eps, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ChannelRMSNorm(nn.Module):
    """x over its root mean square over the channels (arXiv:1910.07467): [N, C], [N, C, L] or [N, C, H, W] at every position.

    `weight` [C] starts at 1, `bias` [C], where asked for, at 0.
    """

    def __init__(self, channels: int, eps: float = 1e-5, bias: bool = False) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        wide = at_least_float32(x)
        per_channel = (-1, *[1] * (x.dim() - 2))
        y = wide * torch.rsqrt(wide.square().mean(1, keepdim=True) + self.eps) * self.weight.view(per_channel)
        if self.bias is not None:
            y = y + self.bias.view(per_channel)
        return y.to(x.dtype)
