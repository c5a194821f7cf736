"""Self-modulated convolution."""

import torch
from torch import Tensor, nn

from .rules import at_least_float32


class SMCConv2d(nn.Conv2d):
    """Self-modulated convolution (arXiv:2405.14477 §4.2, eq. 3): [N, in, H, W] -> [N, out, H', W'].

    `scale` [in] weighs the input channels, `gain` [1] the whole; both start at 1. Nothing depends on
    the data: at inference this is a plain convolution with `modulated_weight()`.
    """

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
        self.scale = nn.Parameter(torch.ones(in_channels))
        self.gain = nn.Parameter(torch.ones(1))

    def modulated_weight(self) -> Tensor:
        """The filters g·s·w / sqrt(Σ (s·w)² + 1e-8), each normalised over its inputs and positions."""
        scaled = at_least_float32(self.weight) * at_least_float32(self.scale)[:, None, None]
        energy = scaled.square().sum(dim=(1, 2, 3), keepdim=True)
        return (self.gain * scaled * torch.rsqrt(energy + 1e-8)).to(self.weight.dtype)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.modulated_weight(), self.bias)
