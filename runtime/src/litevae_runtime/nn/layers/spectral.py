"""Spectral normalisation."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .linear import ChannelLinear, channel_linear
from .rules import at_least_float32

# Spectral normalisation (arXiv:1802.05957). torch's own stores the weight under another name; here the keys
# stay `weight` and `bias`, beside the buffers `u` [out] and `v` [in·k·k].


def _power_iteration(matrix: Tensor, u: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Unit vectors u [out] and v [in], nearer to the first singular pair of `matrix` [out, in]; steps ≥ 1."""
    for _ in range(steps):
        v = F.normalize((matrix * u[:, None]).sum(dim=0), dim=0)
        u = F.normalize((matrix * v).sum(dim=1), dim=0)
    return u, v


def _register_singular_vectors(module: nn.Conv2d | nn.Linear) -> None:
    """Adds the buffers `u` and `v` after 15 iterations from a random start."""
    matrix = module.weight.detach().flatten(1)
    u, v = _power_iteration(matrix, F.normalize(torch.randn(len(matrix)), dim=0), steps=15)
    module.register_buffer("u", u)
    module.register_buffer("v", v)


_HELD = "holds_singular_vectors"


@contextmanager
def without_power_iteration(network: nn.Module, held: bool = True) -> Iterator[None]:
    """Forward passes in training that leave `u` and `v` as they are: those of a step after its first."""
    spectral = [
        module for module in network.modules() if isinstance(module, (SpectralConv2d, SpectralLinear))
    ]
    for module in spectral:
        module.__dict__[_HELD] = held
    try:
        yield
    finally:
        for module in spectral:
            del module.__dict__[_HELD]


def _spectral_weight(module: nn.Conv2d | nn.Linear) -> Tensor:
    """Weight over uᵀ W v, W being the weight as [out, in·k·k].

    While training a power iteration comes first, or none within `without_power_iteration`.

    Products are written elementwise, since autocast would turn matrix products into half precision.
    """
    weight = at_least_float32(module.weight)
    matrix = weight.flatten(1)
    # Copies: a later forward changes the buffers before this one's backward has read them.
    u, v = (
        at_least_float32(module.get_buffer("u")).clone(),
        at_least_float32(module.get_buffer("v")).clone(),
    )
    if module.training and not module.__dict__.get(_HELD, False):
        with torch.no_grad():
            u, v = _power_iteration(matrix, u, steps=1)
            module.get_buffer("u").copy_(u)
            module.get_buffer("v").copy_(v)
    sigma = (u * (matrix * v).sum(dim=1)).sum()
    return (weight / sigma).to(module.weight.dtype)


class SpectralConv2d(nn.Conv2d):
    """Spectral-normalised convolution: [N, in, H, W] -> [N, out, H', W']. Training updates `u` and `v`."""

    u: Tensor
    v: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)
        _register_singular_vectors(self)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, _spectral_weight(self), self.bias)


class SpectralLinear(ChannelLinear):
    """Spectral-normalised `ChannelLinear`. Training updates `u` and `v`."""

    u: Tensor
    v: Tensor

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        _register_singular_vectors(self)

    def forward(self, x: Tensor) -> Tensor:
        return channel_linear(x, _spectral_weight(self), self.bias)
