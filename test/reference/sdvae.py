"""SD-VAE encoder and decoder (arXiv:2112.10752), and the SMC decoder of arXiv:2405.14477 §4.2.

Keys follow diffusers' AutoencoderKL. Norms have 32 groups and eps 1e-6, activations are SiLU.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .smc import SMConv2d

Norm = Literal["group", "smc"]


def group_norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H, W]: (GroupNorm, SiLU, 3x3 conv) twice, plus the input."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


class SMCResnetBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H, W]: (SiLU, SMC conv) twice, plus the input (arXiv:2405.14477 §4.2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = SMConv2d(in_channels, out_channels)
        self.conv2 = SMConv2d(out_channels, out_channels)
        self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else None

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.silu(x))
        h = self.conv2(F.silu(h))
        return h + (x if self.conv_shortcut is None else self.conv_shortcut(x))


def resnets(norm: Norm, count: int, in_channels: int, out_channels: int) -> nn.ModuleList:
    """`count` residual blocks in a row, the first from `in_channels`."""
    block = ResnetBlock if norm == "group" else SMCResnetBlock
    return nn.ModuleList([block(out_channels if j else in_channels, out_channels) for j in range(count)])


class Attention(nn.Module):
    """[N, C, H, W] -> the same: single-head self-attention over the positions, plus the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.group_norm = group_norm(channels)
        self.to_q = nn.Linear(channels, channels)
        self.to_k = nn.Linear(channels, channels)
        self.to_v = nn.Linear(channels, channels)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.group_norm(x).flatten(2).transpose(1, 2)  # [N, H*W, C]
        q, k, v = self.to_q(tokens), self.to_k(tokens), self.to_v(tokens)
        weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)  # [N, H*W, H*W]
        out = self.to_out[0](weights @ v)
        return x + out.transpose(1, 2).reshape(x.shape)


class MidBlock(nn.Module):
    """[N, C, H, W] -> the same: a residual block, attention where asked for, a residual block."""

    def __init__(self, channels: int, norm: Norm = "group", attention: bool = True) -> None:
        super().__init__()
        self.attentions = nn.ModuleList([Attention(channels)] if attention else [])
        self.resnets = resnets(norm, 2, channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.resnets[0](x)
        for attention in self.attentions:
            x = attention(x)
        return self.resnets[1](x)


class Downsample(nn.Module):
    """[N, C, H, W] -> [N, C, H/2, W/2]; pads the right and the bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    """[N, C, H, W] -> [N, C, 2H, 2W]: nearest, then a 3x3 conv."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class DownBlock(nn.Module):
    """[N, in, H, W] -> [N, out, H/2, W/2], or [N, out, H, W] for the last level."""

    def __init__(self, in_channels: int, out_channels: int, blocks: int, last: bool) -> None:
        super().__init__()
        self.resnets = resnets("group", blocks, in_channels, out_channels)
        self.downsamplers = nn.ModuleList([] if last else [Downsample(out_channels)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in [*self.resnets, *self.downsamplers]:
            x = layer(x)
        return x


class UpBlock(nn.Module):
    """[N, in, H, W] -> [N, out, 2H, 2W], or [N, out, H, W] for the last level."""

    def __init__(self, in_channels: int, out_channels: int, blocks: int, norm: Norm, last: bool) -> None:
        super().__init__()
        self.resnets = resnets(norm, blocks, in_channels, out_channels)
        self.upsamplers = nn.ModuleList([] if last else [Upsample(out_channels)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in [*self.resnets, *self.upsamplers]:
            x = layer(x)
        return x


class SDEncoder(nn.Module):
    """[N, C, H, W] -> moments [N, 2*nz, H/f, W/f] with f = 2^(levels - 1), 8 for the usual four levels."""

    def __init__(
        self,
        latent_channels: int,
        image_channels: int = 3,
        base: int = 128,
        multipliers: Sequence[int] = (1, 2, 4, 4),
        blocks: int = 2,
    ) -> None:
        super().__init__()
        widths = [base * multiplier for multiplier in multipliers]
        self.conv_in = nn.Conv2d(image_channels, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            DownBlock(widths[max(i - 1, 0)], width, blocks, last=i == len(widths) - 1)
            for i, width in enumerate(widths)
        )
        self.mid_block = MidBlock(widths[-1])
        self.conv_norm_out = group_norm(widths[-1])
        self.conv_out = nn.Conv2d(widths[-1], 2 * latent_channels, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.conv_in(image)
        for block in self.down_blocks:
            x = block(x)
        x = self.mid_block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Decoder(nn.Module):
    """[N, nz, h, w] -> [N, C, f*h, f*w] with f = 2^(levels - 1); with norm="smc" no norm outside attention.

    `attention` defaults to the paper-silent choice: on for "group", off for "smc".
    """

    def __init__(
        self,
        latent_channels: int,
        image_channels: int = 3,
        base: int = 128,
        multipliers: Sequence[int] = (1, 2, 4, 4),
        blocks: int = 3,
        norm: Norm = "group",
        attention: bool | None = None,
    ) -> None:
        super().__init__()
        widths = [base * multiplier for multiplier in reversed(multipliers)]
        self.conv_in = nn.Conv2d(latent_channels, widths[0], 3, padding=1)
        self.mid_block = MidBlock(widths[0], norm, norm == "group" if attention is None else attention)
        self.up_blocks = nn.ModuleList(
            UpBlock(widths[max(i - 1, 0)], width, blocks, norm, last=i == len(widths) - 1)
            for i, width in enumerate(widths)
        )
        self.conv_norm_out = group_norm(widths[-1]) if norm == "group" else nn.Identity()
        self.conv_out = nn.Conv2d(widths[-1], image_channels, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        x = self.mid_block(self.conv_in(latent))
        for block in self.up_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))
