"""Layers and functions that torch.nn lacks: self-modulated, spectral-normalised, equalised; Haar transforms.

Maps are [N, C, H, W], vectors [N, C]. All work under torch.compile and autocast and with channels_last.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "ChannelLinear",
    "EqualizedConv2d",
    "EqualizedLinear",
    "SMCConv2d",
    "SpectralConv2d",
    "SpectralLinear",
    "at_least_float32",
    "attention",
    "blur",
    "default_groups",
    "haar_dwt",
    "haar_idwt",
    "minibatch_stddev",
    "same_padding",
]


def at_least_float32(x: Tensor) -> Tensor:
    """`x` in float32 or wider: norms and small differences overflow or lose their terms in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def default_groups(channels: int) -> int:
    """Groups of a group norm: the largest divisor of `channels` up to min(32, channels/4), at least 1."""
    most = max(1, min(32, channels // 4))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def same_padding(kernel_size: int) -> int:
    """Padding at which a convolution with an odd kernel and stride 1 keeps height and width."""
    return (kernel_size - 1) // 2


class SMCConv2d(nn.Conv2d):
    """Self-modulated convolution (arXiv:2405.14477 §4.2, eq. 3): [N, in, H, W] -> [N, out, H', W'].

    `scale` [in] weighs the input channels, `gain` [1] the whole; both start at 1. Nothing depends on
    the data: at inference this is a plain convolution with `modulated_weight()`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
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


class ChannelLinear(nn.Linear):
    """Linear map of the channels: [N, in] -> [N, out], or [N, in, H, W] -> [N, out, H, W]."""

    def forward(self, x: Tensor) -> Tensor:
        return _channel_linear(x, self.weight, self.bias)


def _channel_linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if x.dim() == 2:
        return F.linear(x, weight, bias)
    return F.conv2d(x, weight[:, :, None, None], bias)


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
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
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
        return _channel_linear(x, _spectral_weight(self), self.bias)


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
        return _channel_linear(x, _equalized(self.weight), self.bias)


def blur(x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    """Smooths with (1, 3, 3, 1)/8 along both sides, as StyleGAN2 does before a stride.

    [N, C, H, W] -> [N, C, H', W'].
    H' = (H + 2·padding - 4) // stride + 1, as `padding` zeros stand on every side.
    """
    x = F.pad(x, (padding, padding, padding, padding))
    for side in (2, 3):
        a, b, c, d = x.unfold(side, 4, stride).unbind(-1)
        x = (a + d + 3 * (b + c)) / 8
    return x


def minibatch_stddev(x: Tensor, group: int = 4) -> Tensor:
    """Appends a channel that tells how much images differ (arXiv:1710.10196 §3).

    [N, C, H, W] -> [N, C + 1, H, W]. It is the deviation over groups of consecutive images, averaged over
    channels and positions. A group has `group` images, or the next smaller number that divides N.
    """
    n, c, h, w = x.shape
    size = next(count for count in range(min(group, n), 0, -1) if n % count == 0)
    groups = at_least_float32(x).reshape(n // size, size, c, h, w)
    level = (groups.var(dim=1, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    each = level.to(x.dtype).repeat_interleave(size).view(n, 1, 1, 1)
    return torch.cat([x, each.expand(n, 1, h, w)], dim=1)


def haar_dwt(x: Tensor, scale: float = 1.0) -> Tensor:
    """One level of the orthonormal Haar transform times `scale`: [N, C, H, W] -> [N, 4C, H/2, W/2].

    Band-major with PyWavelets' signs: cA of every channel, then cH, cV, cD (arXiv:2405.14477 §3).
    """
    a, b = x[:, :, 0::2, 0::2], x[:, :, 0::2, 1::2]
    c, d = x[:, :, 1::2, 0::2], x[:, :, 1::2, 1::2]
    bands = torch.cat([a + b + c + d, a + b - c - d, a - b + c - d, a - b - c + d], dim=1)
    return bands * (scale / 2)


def haar_idwt(x: Tensor, scale: float = 1.0) -> Tensor:
    """The inverse of one level of `haar_dwt`, times `scale`: [N, 4C, H, W] -> [N, C, 2H, 2W]."""
    ca, ch, cv, cd = x.chunk(4, dim=1)
    cells = [ca + ch + cv + cd, ca + ch - cv - cd, ca - ch + cv - cd, ca - ch - cv + cd]
    return F.pixel_shuffle(torch.stack(cells, dim=2).flatten(1, 2), 2) * (scale / 2)


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int = 1) -> Tensor:
    """Scaled dot-product attention between all positions (Vaswani et al. 2017); all are [N, C, H, W]."""
    n, c, h, w = q.shape

    def tokens(x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, heads, H·W, C/heads]."""
        return x.permute(0, 2, 3, 1).reshape(n, h * w, heads, c // heads).contiguous().transpose(1, 2)

    mixed = F.scaled_dot_product_attention(tokens(q), tokens(k), tokens(v))
    return mixed.transpose(1, 2).reshape(n, h, w, c).permute(0, 3, 1, 2)
