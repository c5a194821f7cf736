"""Attention within windows, plain and shifted, against Swin's blocks written by hand in its own layout."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT, litevae, package, session_of
from safetensors.torch import save_file
from support.small_package import compile_to
from torch import Tensor, nn

MODEL = ROOT / "test" / "torch" / "models" / "swin.ts"
WINDOW, HEADS, CHANNELS = 4, 3, 12


def partition(x: Tensor) -> Tensor:
    """[N, H, W, C] -> [N·windows, window², C], the windows of an image row by row."""
    rows = [band.split(WINDOW, dim=2) for band in x.split(WINDOW, dim=1)]
    windows = torch.stack([window for row in rows for window in row], dim=1)
    return windows.flatten(2, 3).flatten(0, 1)


def joined(windows: Tensor, height: int, width: int) -> Tensor:
    """What `partition` took apart."""
    down, across = height // WINDOW, width // WINDOW
    cells = windows.view(-1, down, across, WINDOW, WINDOW, CHANNELS)
    return torch.cat([torch.cat([cells[:, i, j] for j in range(across)], dim=2) for i in range(down)], dim=1)


def masked(height: int, width: int, shift: int) -> Tensor:
    """[windows, window², window²]: -100 between what comes from regions that are no neighbours."""
    regions = torch.zeros(1, height, width, 1)
    ends = [slice(0, -WINDOW), slice(-WINDOW, -shift), slice(-shift, None)]
    for region, (rows, columns) in enumerate(itertools.product(ends, ends)):
        regions[:, rows, columns] = region
    own = partition(regions).squeeze(2)
    return torch.where(own[:, :, None] == own[:, None, :], 0.0, -100.0)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, HEADS))
        self.qkv = nn.Linear(CHANNELS, 3 * CHANNELS)
        self.proj = nn.Linear(CHANNELS, CHANNELS)

    def bias(self) -> Tensor:
        places = list(itertools.product(range(WINDOW), range(WINDOW)))
        most = WINDOW - 1
        distances = [
            [(a[0] - b[0] + most) * (2 * most + 1) + a[1] - b[1] + most for b in places] for a in places
        ]
        return torch.stack(
            [torch.stack([self.relative_position_bias_table[i] for i in row]) for row in distances]
        )

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, positions, _ = x.shape
        query, key, value = self.qkv(x).view(batch, positions, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        added = self.bias().permute(2, 0, 1).unsqueeze(0)
        if mask is not None:
            added = added + mask.repeat(batch // len(mask), 1, 1).unsqueeze(1)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=added)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norm1, self.norm2 = nn.LayerNorm(CHANNELS), nn.LayerNorm(CHANNELS)
        self.attn = Attention()
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(CHANNELS, 4 * CHANNELS), "fc2": nn.Linear(4 * CHANNELS, CHANNELS)}
        )

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        moved = torch.roll(self.norm1(x), (-self.shift, -self.shift), (1, 2))
        mask = masked(height, width, self.shift) if self.shift else None
        attended = joined(self.attn(partition(moved), mask), height, width)
        x = x + torch.roll(attended, (self.shift, self.shift), (1, 2))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class Peer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, CHANNELS, 2, stride=2)
        self.blocks = nn.ModuleList([Block(0), Block(2)])

    def forward(self, image: Tensor) -> Tensor:
        x = self.patch_embed(image).permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x)
        return x.permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def peer() -> Peer:
    torch.manual_seed(3)
    made = Peer().eval()
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made


def test_the_package_and_the_graph_are_swin_blocks(tmp_path: Path, peer: Peer) -> None:
    save_file(peer.state_dict(), tmp_path / "peer.safetensors")
    out = compile_to(
        tmp_path / "out", MODEL, "--weights", tmp_path / "peer.safetensors", "--target", "onnx,torch"
    )
    session = session_of(out / "network.onnx")
    with package(out) as module, torch.no_grad():
        network = module.build_network()
        network.load_state_dict(peer.state_dict())
        # A single window sees itself from the other side, too.
        for size in ((2, 3, 24, 16), (1, 3, 8, 40), (3, 3, 8, 8)):
            image = torch.randn(size)
            wanted = peer(image)
            torch.testing.assert_close(network(image), wanted, rtol=1e-4, atol=1e-4)
            [found] = session.run(None, {"image": image.numpy()})
            np.testing.assert_allclose(
                found, wanted.numpy(), rtol=1e-4, atol=1e-4 * wanted.abs().max().item()
            )


def test_windows_say_which_sizes_fit() -> None:
    assert "sides in multiples of 8" in litevae("check", MODEL).stdout
    refused = litevae("summary", MODEL, "--size", "36")
    assert refused.returncode == 1
    assert "H/8" in refused.stderr
