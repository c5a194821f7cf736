"""Encoding and decoding by tiles, which bounds memory: exact ones, or blended as in diffusers' autoencoders."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import torch
from torch import Tensor

from .fitting import Sides

# Positions that are read before and after those that are kept.
Margin = tuple[int, int]
Span = tuple[int, int]

# Maps by name, of tensors.
Function = Callable[..., dict[str, Tensor]]


def least_tile(sides: tuple[int, int], margin: Margin) -> int:
    """The least side of tiles that keep something of what they read: a step between both margins."""
    minimum, step = sides
    before, after = margin
    return max(minimum, _raised(before, step) + step + _raised(after, step) + minimum % step)


def cuts(side: int, tile: int, sides: tuple[int, int], margin: Margin) -> Iterator[tuple[Span, Span]]:
    """What each tile along a side reads, and what of it is kept; every position is kept once. The compiler's rule too.

    Tiles are equally large, and begin at multiples of a step. ValueError for a tile that is less than `least_tile`.
    """
    minimum, step = sides
    if tile >= side:
        yield (0, side), (0, side)
        return
    if tile < (least := least_tile(sides, margin)):
        raise ValueError(f"tiles of {tile} positions keep nothing: at least {least}")
    length = minimum + (tile - minimum) // step * step
    before, after = (_raised(each, step) for each in margin)
    kept = 0
    while kept < side:
        start = min(max(0, kept - before), side - length)
        stop = start + length
        end = side if stop == side else (stop - after) // step * step
        yield (start, stop), (kept, end)
        kept = end


def work(size: Sequence[int], tile: int, sides: Sides, margins: tuple[Margin, Margin]) -> float:
    """How many times the area [H, W] exact tiles of it read in all."""
    times = 1.0
    for side, fitting, margin in zip(size, sides, margins, strict=True):
        times *= sum(stop - start for (start, stop), _ in cuts(side, tile, fitting, margin)) / side
    return times


def _raised(size: int, step: int) -> int:
    return -(-size // step) * step


def cropped(given: Sequence[Tensor], rows: Span, columns: Span) -> list[Tensor]:
    """What of maps [N, C, h, w] lies in spans of the first one's positions; what has fewer sides is the same for all tiles."""
    height, width = given[0].shape[-2:]

    def cut(value: Tensor) -> Tensor:
        down, across = Fraction(value.shape[-2], height), Fraction(value.shape[-1], width)
        return value[..., _scaled(rows, down), _scaled(columns, across)]

    return [cut(value) if value.dim() == 4 else value for value in given]


def pieced(
    function: Function, given: Sequence[Tensor], tile: int, sides: Sides, margins: tuple[Margin, Margin]
) -> dict[str, Tensor]:
    """Maps that `function` gives of maps, the first [N, C, H, W], on tiles of which each has its margins around it.

    What `function` gives of the maps themselves, as far as it looks no further.
    """
    height, width = given[0].shape[-2:]
    found: dict[str, Tensor] = {}
    for (top, bottom), rows in cuts(height, tile, sides[0], margins[0]):
        for (left, right), columns in cuts(width, tile, sides[1], margins[1]):
            pieces = function(*cropped(given, (top, bottom), (left, right)))
            for name, piece in pieces.items():
                down, across = _scales(piece, bottom - top, right - left)
                if name not in found:
                    found[name] = piece.new_empty([*piece.shape[:2], int(height * down), int(width * across)])
                kept = piece[..., _scaled(rows, down, top), _scaled(columns, across, left)]
                found[name][..., _scaled(rows, down), _scaled(columns, across)] = kept
    return found


def blended(function: Function, given: Sequence[Tensor], tile: int, overlap: int) -> dict[str, Tensor]:
    """Maps that `function` gives of maps, the first [N, C, H, W], on square tiles of them, blended.

    Neighbours share at least `overlap` positions, along which one's weight rises in a line as the other's falls.
    """
    height, width = given[0].shape[-2:]
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for top, bottom in _spans(height, tile, overlap):
        for left, right in _spans(width, tile, overlap):
            pieces = function(*cropped(given, (top, bottom), (left, right)))
            for name, piece in pieces.items():
                down, across = _scales(piece, bottom - top, right - left)
                rows = _ramp(top, bottom, height, overlap, down, piece)
                columns = _ramp(left, right, width, overlap, across, piece)
                weight = rows[:, None] * columns[None, :]
                if name not in found:
                    sides = [int(height * down), int(width * across)]
                    found[name] = piece.new_zeros([*piece.shape[:2], *sides]), piece.new_zeros(sides)
                place = (..., _scaled((top, bottom), down), _scaled((left, right), across))
                for total, more in zip(found[name], (piece * weight, weight), strict=True):
                    total[place] += more
    return {name: total / weights for name, (total, weights) in found.items()}


def _scales(piece: Tensor, rows: int, columns: int) -> tuple[Fraction, Fraction]:
    """How many positions of what a tile gave are one of the tile's. ValueError for what is no map."""
    if piece.dim() != 4:
        raise ValueError(f"there are no tiles of what gives {list(piece.shape)}, which is no map")
    return Fraction(piece.shape[-2], rows), Fraction(piece.shape[-1], columns)


def _scaled(span: Span, scale: Fraction, origin: int = 0) -> slice:
    """ValueError where a span's ends are no whole positions of what has so many for each."""
    start, stop = ((end - origin) * scale for end in span)
    if start.denominator != 1 or stop.denominator != 1:
        raise ValueError(
            f"positions {span[0]} to {span[1]} are {start} to {stop} of what is cut along: give tiles other sides or overlaps"
        )
    return slice(int(start), int(stop))


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
