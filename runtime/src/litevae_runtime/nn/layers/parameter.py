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


def relative_position_bias(window_size: int, heads: int = 1) -> nn.Parameter:
    """What is added to the scores of `window_attention`: [(2·window_size - 1)², heads], of deviation 0.02 (arXiv:2103.14030)."""
    return parameter(((2 * window_size - 1) ** 2, heads), 0.02, distribution="normal")
