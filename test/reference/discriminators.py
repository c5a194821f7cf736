"""Discriminators: UNet (arXiv:2002.12655, as in arXiv:2405.14477 §4.3) and PatchGAN (arXiv:1611.07004)."""

from collections.abc import Sequence
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
