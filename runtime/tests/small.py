"""A model as a generated package holds one, written by hand: what the runtime needs of a package, and no more."""

from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from litevae_runtime.nn.autoencoder import AutoencoderBase
from litevae_runtime.nn.builders import Builders
from litevae_runtime.nn.layers import SMCConv2d, SpectralConv2d

# Recipe, its schema and figures of a paper, where a package has its own.
PACKAGE = Path(__file__).parent / "package"


class Autoencoder(AutoencoderBase):
    """Image [N, 3, H, W] in [-1, 1] -> latent [N, 2, H/2, W/2] -> image."""

    name = "small"
    latent_channels = 2
    image_channels = 3
    stride = 2

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.decoder = Decoder()

    def _moments(self, x: Tensor) -> Tensor:
        return self.encoder(x)

    def _image(self, x: Tensor) -> Tensor:
        return self.decoder(x)


class Decoder(nn.Module):
    """[N, 2, H, W] -> [N, 3, 2*H, 2*W]."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.conv_out = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_out(F.interpolate(self.block(x), scale_factor=2, mode="nearest"))


class Block(nn.Module):
    """[N, 2, H, W] -> [N, 4, H, W]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = SMCConv2d(2, 4, 3, padding=1)
        self.conv2 = SMCConv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(F.silu(self.conv1(x)))


NETWORKS: Builders = {"model": lambda: SpectralConv2d(3, 1, 3, padding=1)}
