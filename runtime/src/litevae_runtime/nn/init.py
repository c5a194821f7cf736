"""How the weights of a run begin."""

import math
from typing import Literal

import torch
from torch import nn

from .image_autoencoder import ImageAutoencoder
from .layers import SMCConv2d
from .used import used_in_decoding

Init = Literal["torch", "variance-preserving"]

# 1 / sqrt(E[silu(z)²]) for a standard normal z: what gives back the size that SiLU takes.
SILU_GAIN = 1.6765


@torch.no_grad()
def initialize(autoencoder: ImageAutoencoder, init: Init) -> None:
    """`torch` leaves what constructors drew. `variance-preserving` keeps activations of a decoder without norms near their size.

    With gains of 1 and torch's own distributions, whose convolutions give a third of the variance they get, activations shrink
    through a self-modulated decoder. Here plain convolutions of the decoder keep the variance (LeCun's normal distribution), and
    self-modulated ones make up for the SiLU before them. The last one of a block closes a residual branch: n such branches add
    the variance of one. A decoder with norms is left as it is.
    """
    modules = used_in_decoding(autoencoder)
    if init == "torch" or not any(isinstance(module, SMCConv2d) for module in modules):
        return
    branches = [last for module in autoencoder.modules() if (last := _closing(module)) in modules]
    for module in modules:
        if isinstance(module, SMCConv2d):
            nn.init.constant_(module.gain, SILU_GAIN)
        elif isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=1 / math.sqrt(module.weight[0].numel()))
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    for closing in branches:
        assert isinstance(closing, SMCConv2d)
        closing.gain.div_(math.sqrt(len(branches)))


def _closing(module: nn.Module) -> nn.Module | None:
    """The last self-modulated convolution of a block with several."""
    own = [child for child in module.children() if isinstance(child, SMCConv2d)]
    return own[-1] if len(own) > 1 else None
