"""The models of examples/ in plain PyTorch: a loop over multipliers, one extractor for three levels, a block in two variants."""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .haar import haar, haar_inverse, haar_levels
from .litevae import group_norm
from .parts import DecoderPart, EncoderPart
from .smc import SMConv2d

LATENT_CHANNELS = {"multipliers": 8, "shared-extractor": 8, "variants": 4}


def conv3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)


def twice_as_large(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Res(nn.Module):
    """[N, C, H, W] -> [N, C, H, W]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.conv = conv3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(F.silu(self.norm(x)))


class MultipliersEncoder(nn.Module):
    """[N, 3, H, W] -> [N, 16, H/8, W/8]."""

    def __init__(self, base: int = 16, multipliers: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        widths = [base, *(base * multiplier for multiplier in multipliers)]
        self.stem = conv3(3, base)
        self.res = nn.ModuleList(Res(width) for width in widths[:-1])
        self.down = nn.ModuleList(conv3(*pair, stride=2) for pair in itertools.pairwise(widths))
        self.head = conv3(widths[-1], 16)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for res, down in zip(self.res, self.down, strict=True):
            x = down(res(x))
        return self.head(F.silu(x))


class MultipliersDecoder(nn.Module):
    """[N, 8, h, w] -> [N, 3, 8h, 8w]."""

    def __init__(self, base: int = 16, multipliers: Sequence[int] = (1, 2, 4)) -> None:
        super().__init__()
        widths = [*(base * multiplier for multiplier in reversed(multipliers)), base]
        self.stem = conv3(8, widths[0])
        self.res = nn.ModuleList(Res(width) for width in widths[:-1])
        self.up = nn.ModuleList(conv3(*pair) for pair in itertools.pairwise(widths))
        self.head = conv3(base, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for res, up in zip(self.res, self.up, strict=True):
            x = up(twice_as_large(res(x)))
        return self.head(F.silu(x))


class Extractor(nn.Module):
    """[N, 12, H, W] -> [N, 12, H, W]."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv_in = conv3(12, channels)
        self.norm = group_norm(channels)
        self.conv = conv3(channels, channels)
        self.conv_out = conv3(channels, 12)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        return self.conv_out(F.silu(x + self.conv(F.silu(self.norm(x)))))


class SharedExtractorEncoder(nn.Module):
    """[N, 3, H, W] -> [N, 16, H/8, W/8]; level l of the transform is divided by 2^l."""

    def __init__(self) -> None:
        super().__init__()
        self.extractor = Extractor()
        self.head = conv3(36, 16)

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.extractor(level / 2**i) for i, level in enumerate(haar_levels(x, 3), start=1)]
        return self.head(
            torch.cat([F.avg_pool2d(levels[0], 4), F.avg_pool2d(levels[1], 2), levels[2]], dim=1)
        )


class SharedExtractorDecoder(nn.Module):
    """[N, 8, h, w] -> [N, 3, 8h, 8w]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv3(8, 32)
        self.widen = conv3(32, 32)
        self.head = conv3(32, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = twice_as_large(twice_as_large(F.silu(self.stem(x))))
        return self.head(twice_as_large(F.silu(self.widen(x))))


class Residual(nn.Module):
    """[N, C, H, W] -> [N, C, H, W], through C/2 channels with `bottleneck`."""

    def __init__(self, channels: int, bottleneck: bool) -> None:
        super().__init__()
        inner = channels // 2 if bottleneck else channels
        self.squeeze = nn.Conv2d(channels, inner, 1) if bottleneck else None
        self.conv = SMConv2d(inner, inner)
        self.expand = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = x if self.squeeze is None else self.squeeze(F.silu(x))
        return x + self.expand(F.silu(self.conv(F.silu(narrow))))


class Variants(nn.Module):
    """[N, in, h, w] -> [N, out, h, w]: what encoder and decoder have between their Haar transforms."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.stem = conv3(in_channels, 32)
        self.wide = Residual(32, bottleneck=False)
        self.narrow = Residual(32, bottleneck=True)
        self.head = conv3(32, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.narrow(self.wide(self.stem(x))))


class VariantsEncoder(Variants):
    """[N, 3, H, W] -> [N, 8, H/4, W/4]."""

    def __init__(self) -> None:
        super().__init__(48, 8)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(haar(haar(x)))


class VariantsDecoder(Variants):
    """[N, 4, h, w] -> [N, 3, 4h, 4w]."""

    def __init__(self) -> None:
        super().__init__(4, 48)

    def forward(self, x: Tensor) -> Tensor:
        return haar_inverse(haar_inverse(super().forward(x)))


BODIES: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]] = {
    "multipliers": (MultipliersEncoder, MultipliersDecoder),
    "shared-extractor": (SharedExtractorEncoder, SharedExtractorDecoder),
    "variants": (VariantsEncoder, VariantsDecoder),
}


def example_encoder(name: str) -> EncoderPart:
    return EncoderPart(BODIES[name][0](), LATENT_CHANNELS[name])


def example_decoder(name: str) -> DecoderPart:
    return DecoderPart(BODIES[name][1](), LATENT_CHANNELS[name])
