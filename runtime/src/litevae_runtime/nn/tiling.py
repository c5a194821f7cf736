"""Encoding and decoding by tiles, which bounds memory; tiles overlap and are blended, as in diffusers' autoencoders."""

from collections.abc import Callable, Iterator
from fractions import Fraction

import torch
from torch import Tensor


def blended(
    function: Callable[[Tensor], Tensor], x: Tensor, tile: int, overlap: int, scale: Fraction
) -> Tensor:
    """`function` [N, C, h, w] -> [N, D, h·scale, w·scale] on square tiles of x [N, C, H, W], blended to [N, D, H·scale, W·scale].

    Neighbours share at least `overlap` positions, along which one's weight rises in a line as the other's falls.
    """
    height, width = x.shape[-2:]
    total: Tensor | None = None
    weights: Tensor | None = None
    for top, bottom in _spans(height, tile, overlap):
        for left, right in _spans(width, tile, overlap):
            piece = function(x[..., top:bottom, left:right])
            rows = _ramp(top, bottom, height, overlap, scale, piece)
            columns = _ramp(left, right, width, overlap, scale, piece)
            weight = rows[:, None] * columns[None, :]
            if total is None or weights is None:
                sides = [int(height * scale), int(width * scale)]
                total = piece.new_zeros([*piece.shape[:2], *sides])
                weights = piece.new_zeros(sides)
            place = (
                ...,
                slice(int(top * scale), int(bottom * scale)),
                slice(int(left * scale), int(right * scale)),
            )
            total[place] += piece * weight
            weights[place] += weight
    if total is None or weights is None:
        raise ValueError(f"there is nothing to tile in {list(x.shape)}")
    return total / weights


def _spans(side: int, tile: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Tiles along one side; the last one ends with it."""
    if side <= tile:
        yield 0, side
        return
    start = 0
    while start + tile < side:
        yield start, start + tile
        start += tile - overlap
    yield side - tile, side


def _ramp(begin: int, end: int, side: int, overlap: int, scale: Fraction, like: Tensor) -> Tensor:
    """Weights along one side of a tile: 1, but rising from and falling to a neighbour."""
    length, reach = int((end - begin) * scale), max(1, int(overlap * scale))
    positions = torch.arange(length, device=like.device, dtype=torch.float32) + 0.5
    rising = (positions / reach).clamp(max=1) if begin > 0 else torch.ones_like(positions)
    falling = ((length - positions) / reach).clamp(max=1) if end < side else torch.ones_like(positions)
    return torch.minimum(rising, falling).to(like.dtype)
