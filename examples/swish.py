"""Swish with a learned slope, as examples/own-ops.ts has it."""

import torch
from torch import Tensor, nn


class Swish(nn.Module):
    """x * sigmoid(beta * x) with a beta per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)
