"""Parameters that are no part of another layer."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn


def parameter(
    shape: Sequence[int],
    init: float = 0.0,
    *,
    distribution: Literal["constant", "normal", "uniform", "arange"] = "constant",
) -> nn.Parameter:
    """A learned tensor: all `init`, or drawn with that deviation, within that bound of 0, or counting from 0 in such steps."""
    tensor = torch.full(tuple(shape), float(init))
    if distribution == "normal":
        nn.init.normal_(tensor, std=abs(init))
    elif distribution == "uniform":
        nn.init.uniform_(tensor, -abs(init), abs(init))
    elif distribution == "arange":
        tensor = torch.arange(tensor.numel()).reshape(tensor.shape) * float(init)
    return nn.Parameter(tensor)
