"""Spectral normalisation (arXiv:1802.05957) under keys of our own: `weight`, `bias`, `u`, `v`.

`u` is [out] and `v` is [in*k*k]. The weight in use is w / (uᵀ W v) with W = w as [out, in*k*k]; a training
forward runs one power iteration first, an eval forward none.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def power_iteration(matrix: Tensor, u: Tensor, steps: int = 1) -> tuple[Tensor, Tensor]:
    """Unit vectors (u, v) nearer to the first singular pair of `matrix` [out, in]; `steps` is at least 1."""
    for _ in range(steps):
        v = F.normalize(matrix.T.mv(u), dim=0)
        u = F.normalize(matrix.mv(v), dim=0)
    return u, v


def register_vectors(module: nn.Conv2d | nn.Linear) -> None:
    """Adds the buffers `u` and `v`, from 15 power iterations."""
    matrix = module.weight.detach().flatten(1)
    u, v = power_iteration(matrix, F.normalize(torch.randn(len(matrix)), dim=0), steps=15)
    module.register_buffer("u", u)
    module.register_buffer("v", v)


def normalized_weight(module: nn.Conv2d | nn.Linear) -> Tensor:
    """Weight w / (uᵀ W v), after a power iteration in training. `u`, `v` carry no gradient."""
    matrix = module.weight.flatten(1)
    u, v = module.get_buffer("u"), module.get_buffer("v")
    if module.training:
        with torch.no_grad():
            new_u, new_v = power_iteration(matrix, u)
            u.copy_(new_u)
            v.copy_(new_v)
        # A second forward overwrites the buffers before this one's backward reads them.
        u, v = new_u, new_v
    return module.weight / torch.dot(u, matrix.mv(v))


class SpectralConv2d(nn.Conv2d):
    """[N, in, H, W] -> [N, out, H, W], "same" padding."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        register_vectors(self)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, normalized_weight(self), self.bias)


class SpectralLinear(nn.Linear):
    """[N, in] -> [N, out]."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        register_vectors(self)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, normalized_weight(self), self.bias)
