"""What forward passes move besides gradients: buffers, such as the statistics of batch norms, and random generators."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class Buffers:
    """The buffers of a module as they are now."""

    def __init__(self, module: nn.Module) -> None:
        self._values = [(buffer, buffer.clone()) for buffer in module.buffers()]

    def restore(self) -> None:
        """Numbers that were not finite would stay in them for good."""
        for buffer, value in self._values:
            buffer.copy_(value)


@contextmanager
def repeatable(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Forward passes inside leave random generators and buffers as they were, and can be made again."""
    before = Buffers(module)
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield
    before.restore()
