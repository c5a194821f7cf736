"""Self-modulated convolution (arXiv:2405.14477 §4.2, eq. 3)."""

import torch
from torch import Tensor, nn

EPSILON = 1e-8


class SMConv2d(nn.Conv2d):
    """[N, in, H, W] -> [N, out, H, W], "same" padding; `scale` is [in], `gain` is [1]."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.scale = nn.Parameter(torch.ones(in_channels))
        self.gain = nn.Parameter(torch.ones(1))

    def modulated_weight(self) -> Tensor:
        """[out, in, k, k]: w' = g·s·w / sqrt(Σ (s·w)² + ε), the sum over inputs and kernel positions."""
        scaled = self.weight * self.scale[None, :, None, None]
        energy = scaled.square().sum(dim=(1, 2, 3), keepdim=True)
        return self.gain * scaled / torch.sqrt(energy + EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, self.modulated_weight(), self.bias)
