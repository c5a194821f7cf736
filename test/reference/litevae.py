"""LiteVAE encoder (arXiv:2405.14477 §4.1, Tables 23-24, App. G)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .haar import haar_levels

LEVELS = 3


def group_norm(channels: int) -> nn.GroupNorm:
    """GroupNorm of the largest group count that divides `channels` and is at most min(32, channels/4)."""
    largest = max(1, min(32, channels // 4))
    groups = next(count for count in range(largest, 0, -1) if channels % count == 0)
    return nn.GroupNorm(groups, channels, eps=1e-5)


class ResBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H, W]: (GroupNorm, SiLU, 3x3 conv) twice, plus the input."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.shortcut is None else self.shortcut(x))


class UNet(nn.Module):
    """[N, in, H, W] -> [N, out, H, W]: ADM's UNet without attention and at one resolution (App. G)."""

    def __init__(self, in_channels: int, out_channels: int, base: int, multipliers: Sequence[int]) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(in_channels, base, 3, padding=1)
        down, up = [], []
        channels, skips = base, [base]
        for multiplier in multipliers:
            for _ in range(2):
                down.append(ResBlock(channels, base * multiplier))
                channels = base * multiplier
                skips.append(channels)
        self.down = nn.ModuleList(down)
        self.mid = nn.ModuleList([ResBlock(channels, channels) for _ in range(2)])
        for multiplier in reversed(multipliers):
            for _ in range(2):
                up.append(ResBlock(channels + skips.pop(), base * multiplier))
                channels = base * multiplier
        self.up = nn.ModuleList(up)
        self.conv_out = nn.Conv2d(channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        skips = [x]
        for block in self.down:
            x = block(x)
            skips.append(x)
        for block in self.mid:
            x = block(x)
        for block in self.up:
            x = block(torch.cat([x, skips.pop()], dim=1))
        assert len(skips) == 1, "the input convolution's output stays unused"
        return self.conv_out(x)


class LiteVAEEncoder(nn.Module):
    """[N, C, H, W] -> moments [N, 2*nz, H/8, W/8]; `extractor` and `aggregator` are (base, multipliers)."""

    def __init__(
        self,
        extractor: tuple[int, Sequence[int]],
        aggregator: tuple[int, Sequence[int]],
        latent_channels: int,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        bands = 4 * image_channels
        self.extractors = nn.ModuleList([UNet(bands, bands, *extractor) for _ in range(LEVELS)])
        self.aggregator = UNet(LEVELS * bands, 2 * latent_channels, *aggregator)

    def forward(self, image: Tensor) -> Tensor:
        features = []
        for level, bands in enumerate(haar_levels(image, LEVELS), start=1):
            feature = self.extractors[level - 1](bands / 2**level)
            features.append(F.avg_pool2d(feature, 2 ** (LEVELS - level)))
        return self.aggregator(torch.cat(features, dim=1))
