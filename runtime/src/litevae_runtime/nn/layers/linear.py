"""Linear maps of the channels."""

import torch.nn.functional as F
from torch import Tensor, nn


class ChannelLinear(nn.Linear):
    """Linear map of the channels: [N, in] -> [N, out], [N, in, L] -> [N, out, L] or [N, in, H, W] -> [N, out, H, W]."""

    def forward(self, x: Tensor) -> Tensor:
        return channel_linear(x, self.weight, self.bias)


def channel_linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`weight` [out, in] and `bias` [out] at every position of `x`, or on a vector."""
    if x.dim() == 2:
        return F.linear(x, weight, bias)
    if x.dim() == 3:
        return F.conv1d(x, weight[:, :, None], bias)
    return F.conv2d(x, weight[:, :, None, None], bias)
