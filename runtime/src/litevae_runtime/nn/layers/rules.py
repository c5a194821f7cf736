"""What layers compute of numbers: defaults, and in what precision."""

from contextlib import AbstractContextManager, nullcontext

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


def same_padding(kernel_size: int, dilation: int = 1) -> int:
    """Padding at which a convolution with an odd kernel and stride 1 keeps height and width."""
    return dilation * (kernel_size - 1) // 2
