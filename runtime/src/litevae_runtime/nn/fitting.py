"""Which sides fit, and the nearest that do to one that does not."""

import math
from collections.abc import Callable, Sequence

# Heights and widths that fit, each as the least and how far it is to the next.
Sides = tuple[tuple[int, int], tuple[int, int]]


def scaled(sides: Sides, factor: int) -> Sides:
    """The same in positions of which `factor` are one of these."""
    (height, next_height), (width, next_width) = sides
    return ((height * factor, next_height * factor), (width * factor, next_width * factor))


def least_fitting(side: int, fitting: Sequence[Sides]) -> tuple[int, int]:
    """The least height and width that are among those of all `fitting` and no less than `side`."""
    height, width = (_least(side, [sides[axis] for sides in fitting]) for axis in (0, 1))
    return height, width


def _least(side: int, along: Sequence[tuple[int, int]]) -> int:
    least = max(side, *(minimum for minimum, _ in along))
    cycle = range(least, least + math.lcm(*(step for _, step in along)))
    return next(each for each in cycle if _fits(each, along))


def _fits(side: int, along: Sequence[tuple[int, int]]) -> bool:
    return all(side >= minimum and (side - minimum) % step == 0 for minimum, step in along)


def require_sides(height: int, width: int, fitting: Sequence[Sides], what: str, model: str) -> None:
    """ValueError where a height or a width is not among those of all `fitting`; it names the nearest that are."""
    for i, (axis, side) in enumerate((("height", height), ("width", width))):
        along = [sides[i] for sides in fitting]

        def fits(side: int, along: Sequence[tuple[int, int]] = along) -> bool:
            return _fits(side, along)

        if not fits(side):
            reach = max(minimum for minimum, _ in along) + math.lcm(*(step for _, step in along))
            near = choice(nearest_fitting(side, fits, 1, reach + 1))
            raise ValueError(f"{what} of {axis} {side} do not fit {model}: {near} does")


def nearest_fitting(side: int, fits: Callable[[int], bool], step: int, reach: int) -> list[int]:
    """The nearest sides below and above one that does not fit, among multiples of `step` within `reach`; those that there are.

    The compiler's and client.js's rule too: a table in the tests holds them together.
    """
    below = range((side - 1) // step * step, max(0, side - reach), -step)
    above = range((side // step + 1) * step, side + reach, step)
    return [found for way in (below, above) if (found := next(filter(fits, way), None)) is not None]


def choice(fitting: Sequence[int]) -> str:
    """For a message: `240 or 264`."""
    return " or ".join(map(str, fitting)) or "another size"
