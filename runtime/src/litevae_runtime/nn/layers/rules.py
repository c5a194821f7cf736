"""What layers compute of numbers: defaults, and in what precision."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import overload

import torch
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """`x` in float32 or wider: norms and small differences overflow or lose their terms in half precision."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def without_autocast(x: Tensor) -> AbstractContextManager[object]:
    """In it products of what is on the device of `x` keep their precision."""
    kind = x.device.type
    return torch.autocast(kind, enabled=False) if torch.amp.is_autocast_available(kind) else nullcontext()


def default_groups(channels: int) -> int:
    """Groups of a group norm: the largest divisor of `channels` up to min(32, channels/4), at least 1."""
    most = max(1, min(32, channels // 4))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


Sides = int | Sequence[int]


@overload
def same_padding(kernel_size: int, stride: int = 1, dilation: int = 1) -> int: ...
@overload
def same_padding(kernel_size: Sides, stride: Sides = 1, dilation: Sides = 1) -> int | tuple[int, int]: ...
def same_padding(kernel_size: Sides, stride: Sides = 1, dilation: Sides = 1) -> int | tuple[int, int]:
    """Padding at which a convolution with an odd kernel and stride 1 keeps height and width.

    It is 0 where windows do not overlap: the stride is as large as the kernel, as for patches.
    Each is a number for both sides, or (height, width); so is the padding, where one of them is.
    """
    if isinstance(kernel_size, int) and isinstance(stride, int) and isinstance(dilation, int):
        reach = dilation * (kernel_size - 1)
        return 0 if stride > reach else reach // 2
    height, width = zip(*map(_sides, (kernel_size, stride, dilation)), strict=True)
    return same_padding(*height), same_padding(*width)


def _sides(size: Sides) -> tuple[int, int]:
    """Of height and of width."""
    height, width = (size, size) if isinstance(size, int) else size
    return height, width
