"""Values on levels, with gradients as if they were not (straight-through estimator, arXiv:1308.3432)."""

import math
from collections.abc import Sequence

from torch import Tensor

from .rules import at_least_float32

_MARGIN = 1e-3


def round_ste(x: Tensor) -> Tensor:
    """The nearest whole number, halves to even, with the gradient of `x`."""
    return x + (x.round() - x).detach()


def fsq(x: Tensor, levels: Sequence[int]) -> Tensor:
    """Every channel on one of its levels, which lie in [-1, 1] with 0 among them (arXiv:2309.15505).

    `x` is [N, C, ...] with one number of `levels` per channel; computed in float32 where `x` is narrower. Halfway between
    two levels rounding decides, so that two programs may differ there by one level.
    """
    reach = [(count - 1) * (1 + _MARGIN) / 2 for count in levels]
    offset = [0.0 if count % 2 else 0.5 for count in levels]
    shift = [math.atanh(middle / most) for middle, most in zip(offset, reach, strict=True)]

    def per_channel(values: Sequence[float]) -> Tensor:
        return wide.new_tensor(values).view(-1, *[1] * (x.dim() - 2))

    wide = at_least_float32(x)
    bounded = (wide + per_channel(shift)).tanh() * per_channel(reach) - per_channel(offset)
    return (round_ste(bounded) / per_channel([count // 2 for count in levels])).to(x.dtype)
