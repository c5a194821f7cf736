"""Functions over the channels."""

from collections.abc import Sequence

from torch import Tensor


def grouped_chunk(x: Tensor, chunks: int, groups: int) -> tuple[Tensor, ...]:
    """Every one of equal groups of channels in `chunks` runs: the first runs of all groups together, the second ones, ..."""
    return tuple(run.flatten(1, 2) for run in x.unflatten(1, (groups, -1)).chunk(chunks, dim=2))


def grouped_split(x: Tensor, sizes: Sequence[int], groups: int) -> tuple[Tensor, ...]:
    """Every one of equal groups of channels in runs of `sizes`: the first runs of all groups together, the second ones, ..."""
    return tuple(run.flatten(1, 2) for run in x.unflatten(1, (groups, -1)).split(tuple(sizes), dim=2))
