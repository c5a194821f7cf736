"""What encoders and decoders take and give besides image and latent: conditions, skips, and the image in a decoder."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from torch import Tensor

# A value's name and channels, and by what the image's height and width are divided in it; None for a size that is any. A vector
# has no sides.
Taken = tuple[str, int, *tuple[int | None, ...]]

# What a decoder calls the image that was encoded.
ORIGINAL = "original"

# Values by name, [N, channels, height, width] or [N, channels].
Values = Mapping[str, Tensor]

NOTHING: Values = MappingProxyType({})


def require_given(
    called: str, taken: Sequence[Taken], given: Values, images: tuple[int, int, int], also: Iterable[str] = ()
) -> list[Tensor]:
    """The values that a network takes, in its order.

    TypeError where one is missing, or is there that neither `taken` nor `also` names; ValueError where a shape is not that of a
    batch of `images`, (count, height, width).
    """
    names = [name for name, *_ in taken]
    listed = ", ".join(names) or "nothing"
    missing = [name for name in names if name not in given]
    if missing:
        raise TypeError(f"{called} takes {listed} besides, and is not given {', '.join(missing)}")
    unknown = [name for name in given if name not in (*names, *also)]
    if unknown:
        raise TypeError(f"{called} takes {listed} besides, and no {', '.join(unknown)}")
    for name, channels, *strides in taken:
        _expect(called, name, given[name], [images[0], channels, *_sides(strides, images[1:])])
    return [given[name] for name in names]


def _sides(strides: Sequence[int | None], image: Sequence[int]) -> list[int | None]:
    # Tokens have one size, which no side of the image is.
    return [None if each is None else side // each for each, side in zip(strides, image, strict=False)]


def _expect(called: str, name: str, value: Tensor, shape: Sequence[int | None]) -> None:
    found = list(value.shape)
    fits = len(found) == len(shape) and all(
        size is None or size == have for size, have in zip(shape, found, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{called} takes {name} [{wanted}] here, not {found}")
