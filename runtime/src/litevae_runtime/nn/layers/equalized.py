"""Layers with an equalised learning rate."""

from torch import Tensor, nn

from .linear import ChannelLinear, channel_linear


def _equalized(weight: Tensor) -> Tensor:
    """Weights of deviation 1 over √fan_in: Adam's steps are then of one relative size in all layers."""
    return weight * weight.shape[1:].numel() ** -0.5


class EqualizedConv2d(nn.Conv2d):
    """Convolution with an equalised learning rate (arXiv:1710.10196 §4.1).

    [N, in, H, W] -> [N, out, H', W'].
    """

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self._conv_forward(x, _equalized(self.weight), self.bias)


class EqualizedLinear(ChannelLinear):
    """`ChannelLinear` with an equalised learning rate (arXiv:1710.10196 §4.1)."""

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return channel_linear(x, _equalized(self.weight), self.bias)
