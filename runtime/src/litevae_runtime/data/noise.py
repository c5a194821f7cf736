"""The posterior's noise, keyed by the position in the stream: the same for any number of processes and after resuming."""

import torch
from torch import Tensor

# Odd constants that spread neighbouring positions over the generator's seeds.
_MIX = 0x9E3779B97F4A7C15
_MASK = (1 << 63) - 1


def noise_for(positions: Tensor, shape: tuple[int, ...], seed: int, device: torch.device) -> Tensor:
    """Standard normal noise [N, *shape] for the images at `positions` [N]."""
    generator = torch.Generator()
    drawn = []
    for position in positions.tolist():
        generator.manual_seed((position * _MIX + seed * 0xD1342543DE82EF95) & _MASK)
        drawn.append(torch.randn(shape, generator=generator))
    return torch.stack(drawn).to(device, non_blocking=True)
