"""The continuous image tokenizers of Cosmos in plain PyTorch, under the keys of NVIDIA's files.

Facts of github.com/NVIDIA/Cosmos-Tokenizer (Apache-2.0): patches of 4 by two Haar transforms of all channels, each halved,
widths of 2, 4 and 4 times the base, group norms of 32 groups and eps 1e-6, attention in the middle alone, no distribution.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def haar(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, 4C, H/2, W/2]: means of the four neighbours, then their differences down, across and both."""
    a, b, c, d = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    return torch.cat([a + b + c + d, a + b - c - d, a - b + c - d, a - b - c + d], 1) / 4


def inverse_haar(x: Tensor) -> Tensor:
    mean, down, across, both = x.chunk(4, 1)
    above = torch.stack([mean + down + across + both, mean + down - across - both], -1).flatten(-2)
    below = torch.stack([mean - down + across - both, mean - down - across + both], -1).flatten(-2)
    return torch.stack([above, below], -2).flatten(-3, -2)


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(32, channels, eps=1e-6)


def conv(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1)


class Residual(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = norm(channels), conv(channels, out)
        self.norm2, self.conv2 = norm(out), conv(out, out)
        self.nin_shortcut = nn.Identity() if channels == out else nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))
        out: Tensor = self.nin_shortcut(x) + h
        return out


class Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = (layer(h).flatten(2) for layer in (self.q, self.k, self.v))
        weights = torch.einsum("ncq,nck->nqk", q, k).div(q.shape[1] ** 0.5).softmax(2)
        mixed = torch.einsum("nqk,nck->ncq", weights, v).reshape(x.shape)
        out: Tensor = x + self.proj_out(mixed)
        return out


def middle(channels: int) -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            "block_1": Residual(channels, channels),
            "attn_1": Attention(channels),
            "block_2": Residual(channels, channels),
        }
    )


def through(layers: Any, x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


class Patches(nn.Module):
    """NVIDIA's patchers have buffers that its state_dict leaves out and that of a traced module does not."""

    wavelets: Tensor

    def __init__(self, inverse: bool) -> None:
        super().__init__()
        self.transform = inverse_haar if inverse else haar
        self.register_buffer("wavelets", torch.ones(1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.transform(self.transform(x)) * self.wavelets


class Encoder(nn.Module):
    def __init__(self, base: int, latent_channels: int, halvings: int) -> None:
        super().__init__()
        self.patcher = Patches(inverse=False)
        self.conv_in = conv(48, base)
        self.down = nn.ModuleList()
        channels = base
        for level, width in enumerate((2 * base, 4 * base, 4 * base)):
            parts = nn.ModuleDict(
                {"block": nn.ModuleList([Residual(channels, width), Residual(width, width)])}
            )
            if level < halvings:
                parts["downsample"] = nn.ModuleDict({"conv": nn.Conv2d(width, width, 3, stride=2)})
            self.down.append(parts)
            channels = width
        self.mid = middle(channels)
        self.norm_out, self.conv_out = norm(channels), conv(channels, latent_channels)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_in(self.patcher(x))
        for level in self.down:
            parts: Any = level
            h = through(parts["block"], h)
            if "downsample" in parts:
                h = parts["downsample"]["conv"](F.pad(h, (0, 1, 0, 1)))
        out: Tensor = self.conv_out(F.silu(self.norm_out(through(self.mid.values(), h))))
        return out


class Decoder(nn.Module):
    def __init__(self, base: int, latent_channels: int, halvings: int) -> None:
        super().__init__()
        channels = 4 * base
        self.conv_in, self.mid = conv(latent_channels, channels), middle(channels)
        levels = []
        for level, width in reversed(list(enumerate((2 * base, 4 * base, 4 * base)))):
            blocks = [Residual(channels if i == 0 else width, width) for i in range(3)]
            parts = nn.ModuleDict({"block": nn.ModuleList(blocks)})
            if level >= 3 - halvings:
                parts["upsample"] = nn.ModuleDict({"conv": conv(width, width)})
            levels.append(parts)
            channels = width
        # Counted from the image on.
        self.up = nn.ModuleList(reversed(levels))
        self.norm_out, self.conv_out = norm(channels), conv(channels, 48)
        self.unpatcher = Patches(inverse=True)

    def forward(self, z: Tensor) -> Tensor:
        h = through(self.mid.values(), self.conv_in(z))
        for level in reversed(list(self.up)):
            parts: Any = level
            h = through(parts["block"], h)
            if "upsample" in parts:
                h = parts["upsample"]["conv"](F.interpolate(h, scale_factor=2.0))
        out: Tensor = self.unpatcher(self.conv_out(F.silu(self.norm_out(h))))
        return out


class Tokenizer(nn.Module):
    def __init__(self, stride: int, base: int = 128, latent_channels: int = 16) -> None:
        super().__init__()
        halvings = {8: 1, 16: 2}[stride]
        self.encoder = Encoder(base, latent_channels, halvings)
        self.decoder = Decoder(base, latent_channels, halvings)
        self.quant_conv, self.post_quant_conv = (
            nn.Conv2d(latent_channels, latent_channels, 1) for _ in range(2)
        )

    def encode(self, x: Tensor) -> Tensor:
        latent: Tensor = self.quant_conv(self.encoder(x))
        return latent

    def decode(self, z: Tensor) -> Tensor:
        image: Tensor = self.decoder(self.post_quant_conv(z))
        return image

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x))
