"""Python of the ops in test/op-test/ops.ts."""

import torch
from torch import Tensor, nn


class Gate(nn.Module):
    """Two halves of a gate: x * sigmoid(scale * y) and the rest."""

    def __init__(self, channels: int, *, power: float = 1.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))
        self.power = power

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        gate = torch.sigmoid(self.scale * y) * self.power
        return x * gate, x - x * gate


def mixed(x: Tensor, weight: Tensor) -> Tensor:
    return torch.einsum("nchw,dc->ndhw", x, weight)


def raising(x: Tensor) -> Tensor:
    raise RuntimeError("no such kernel")


def doubled(x: Tensor) -> Tensor:
    return 2 * x
