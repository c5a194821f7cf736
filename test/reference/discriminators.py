"""Discriminators of arXiv:2405.14477 §4.3: UNet (arXiv:2002.12655), PatchGAN (arXiv:1611.07004), StyleGAN2 (arXiv:1912.04958)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .spectral import SpectralConv2d, SpectralLinear


class DownBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H/2, W/2]; `first` leaves out the ReLU on the image."""

    def __init__(self, in_channels: int, out_channels: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.conv1 = SpectralConv2d(in_channels, out_channels)
        self.conv2 = SpectralConv2d(out_channels, out_channels)
        self.shortcut = SpectralConv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(x if self.first else F.relu(x))
        h = self.conv2(F.relu(h))
        return F.avg_pool2d(h + self.shortcut(x), 2)


class UpBlock(nn.Module):
    """[N, in, H, W] -> [N, out, 2H, 2W]."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = SpectralConv2d(in_channels, out_channels)
        self.conv2 = SpectralConv2d(out_channels, out_channels)
        self.shortcut = SpectralConv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        h = self.conv1(F.relu(x))
        h = self.conv2(F.relu(h))
        return h + self.shortcut(x)


class UNetDiscriminator(nn.Module):
    """[N, C, H, W] -> `pixel_logits` [N, 1, H, W] and `global_logit` [N, 1]; H, W divisible by 2^levels.

    There is a level per multiplier: (1, 2, 4, 8, 8, 16) for 256², (1, 2, 4, 8, 16) for 128².
    """

    def __init__(
        self,
        image_channels: int = 3,
        base: int = 32,
        multipliers: Sequence[int] = (1, 2, 4, 8, 8, 16),
        reduction: Literal["sum", "mean"] = "sum",
    ) -> None:
        super().__init__()
        self.reduction = reduction
        downs = [base * multiplier for multiplier in multipliers]
        self.down = nn.ModuleList(
            DownBlock(downs[i - 1] if i else image_channels, width, first=i == 0)
            for i, width in enumerate(downs)
        )
        # Each up block ends at the width of the skip it meets next; the last has none and keeps its width.
        ups = [*reversed(downs[:-1]), downs[0]]
        self.up = nn.ModuleList(
            UpBlock(2 * ups[i - 1] if i else downs[-1], width) for i, width in enumerate(ups)
        )
        self.to_global = SpectralLinear(downs[-1], 1)
        self.to_pixel = nn.Conv2d(ups[-1], 1, 1)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x, skips = image, []
        for block in self.down:
            x = block(x)
            skips.append(x)
        bottleneck = F.relu(skips.pop())
        total = bottleneck.sum(dim=(2, 3)) if self.reduction == "sum" else bottleneck.mean(dim=(2, 3))
        for i, block in enumerate(self.up):
            x = block(torch.cat([x, skips.pop()], dim=1) if i else x)
        return {"pixel_logits": self.to_pixel(x), "global_logit": self.to_global(total)}


class PatchBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H', W']: 4x4 conv without bias, BatchNorm, LeakyReLU."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 4, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.norm(self.conv(x)), 0.2)


class PatchGAN(nn.Module):
    """[N, C, H, W] -> `pixel_logits` [N, 1, H/8 - 2, W/8 - 2]; every logit sees 70x70 pixels."""

    def __init__(self, image_channels: int = 3, base: int = 64) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(image_channels, base, 4, 2, padding=1)
        self.blocks = nn.ModuleList(
            [
                PatchBlock(base, 2 * base, stride=2),
                PatchBlock(2 * base, 4 * base, stride=2),
                PatchBlock(4 * base, 8 * base, stride=1),
            ]
        )
        self.conv_out = nn.Conv2d(8 * base, 1, 4, 1, padding=1)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x = F.leaky_relu(self.conv_in(image), 0.2)
        for block in self.blocks:
            x = block(x)
        return {"pixel_logits": self.conv_out(x)}


class EqualConv2d(nn.Conv2d):
    """Weights of deviation 1, multiplied with 1/sqrt(fan_in) in every forward (arXiv:1710.10196 §4.1)."""

    def forward(self, x: Tensor) -> Tensor:
        fan_in = self.in_channels * self.kernel_size[0] * self.kernel_size[1]
        return F.conv2d(x, self.weight / fan_in**0.5, self.bias, self.stride, self.padding)


class EqualLinear(nn.Linear):
    """As EqualConv2d; [N, in, H, W] is mapped at every position."""

    def forward(self, x: Tensor) -> Tensor:
        y = x.movedim(1, -1) @ (self.weight.T / self.in_features**0.5) + self.bias
        return y.movedim(-1, 1)


def gained(x: Tensor) -> Tensor:
    return 2**0.5 * F.leaky_relu(x, 0.2)


def smoothed(x: Tensor, padding: int) -> Tensor:
    """Every channel convolved with the outer product of (1, 3, 3, 1)/8 with itself."""
    taps = x.new_tensor([1, 3, 3, 1]) / 8
    channels = x.shape[1]
    return F.conv2d(x, torch.outer(taps, taps).repeat(channels, 1, 1, 1), padding=padding, groups=channels)


class StyleBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H/2, W/2] (arXiv:1912.04958 §4.1, Fig. 7c)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = EqualConv2d(in_channels, in_channels, 3, padding=1)
        self.conv2 = EqualConv2d(in_channels, out_channels, 3, stride=2)
        self.shortcut = EqualConv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = gained(self.conv2(smoothed(gained(self.conv1(x)), 2)))
        shortcut = self.shortcut(smoothed(x, 1)[:, :, ::2, ::2])
        return (h + shortcut) / 2**0.5


class StyleGAN2(nn.Module):
    """[N, C, R, R] -> `pixel_logits` [N, 1, 1, 1] at the resolution R.

    Larger images have a logit per 4x4 window of the last map.
    """

    def __init__(
        self,
        image_channels: int = 3,
        resolution: int = 256,
        base: int | None = None,
        most: int = 512,
    ) -> None:
        super().__init__()
        width, side = base or 32768 // resolution, resolution
        widths = [min(width, most)]
        while side > 4:
            side, width = side // 2, 2 * width
            widths.append(min(width, most))
        self.from_image = EqualConv2d(image_channels, widths[0], 1)
        self.down = nn.ModuleList(StyleBlock(a, b) for a, b in pairwise(widths))
        self.conv = EqualConv2d(widths[-1] + 1, widths[-1], 3, padding=1)
        self.window = EqualConv2d(widths[-1], widths[-1], 4)
        self.to_logit = EqualLinear(widths[-1], 1)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        x = gained(self.from_image(image))
        for block in self.down:
            x = block(x)
        x = gained(self.conv(torch.cat([x, self.deviation(x)], dim=1)))
        return {"pixel_logits": self.to_logit(gained(self.window(x)))}

    @staticmethod
    def deviation(x: Tensor) -> Tensor:
        """[N, 1, h, w]; groups are of four consecutive images, or fewer where four do not divide N."""
        n, _, h, w = x.shape
        size = max(count for count in (1, 2, 3, 4) if n % count == 0)
        channel = x.new_empty(n, 1, h, w)
        for first in range(0, n, size):
            members = slice(first, first + size)
            variance = ((x[members] - x[members].mean(dim=0)) ** 2).mean(dim=0)
            channel[members] = (variance + 1e-8).sqrt().mean()
        return channel
