"""Class labels of a data set: those that its shards have, else the names of its folders."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..common.files import text_hash
from ..common.text import counted
from ..data.images import Images

# Of an image whose class is not known.
UNLABELLED = -1

# Numbers of more digits are no labels.
_DIGITS = 9


@dataclass(frozen=True)
class Classes:
    """A label for every image, by its place in the set; `names` are those of the labels, where they are not numbers."""

    labels: npt.NDArray[np.int64]
    source: Literal["cls", "folders", "none"]
    names: tuple[str, ...] | None

    def hash(self) -> str:
        """The SHA-256 of the labels, one a line."""
        return text_hash(map(str, self.labels.tolist()))

    def __str__(self) -> str:
        if self.source == "none":
            return f"no classes: every label is {UNLABELLED}"
        used = len({*self.labels.tolist()} - {UNLABELLED})
        where = "the shards' .cls" if self.source == "cls" else "folders"
        noun = "class" if used == 1 else "classes"
        without = int((self.labels == UNLABELLED).sum())
        rest = f"; {counted(without, 'image')} without one ({UNLABELLED})" if without else ""
        return f"{used:,} {noun} by {where}{rest}"


def classes_of(images: Images) -> Classes:
    """Labels by `.cls` where any image has one: whole numbers as they stand, else places in the sorted names. Without, places
    in the sorted names of the first folders."""
    declared = _Texts(images.declared_class(index) for index in range(len(images)))
    if declared.known and all(_is_label(name) for name in declared.known):
        return Classes(declared.labels([int(name) for name in declared.known]), "cls", None)
    texts = declared if declared.known else _Texts(images.folder(index) for index in range(len(images)))
    if not texts.known:
        return Classes(np.full(len(images), UNLABELLED, np.int64), "none", None)
    source: Literal["cls", "folders"] = "cls" if declared.known else "folders"
    return Classes(texts.labels(range(len(texts.known))), source, tuple(texts.known))


class _Texts:
    """The texts of all images, in few bytes; empty ones say nothing."""

    def __init__(self, texts: Iterable[str]) -> None:
        numbers: dict[str, int] = {}
        each = np.fromiter((numbers.setdefault(text, len(numbers)) for text in texts), np.int64)
        self.known = sorted(numbers.keys() - {""})
        self._each, self._numbers = each, numbers

    def labels(self, of_known: Iterable[int]) -> npt.NDArray[np.int64]:
        """A label for every image: `of_known` are those of the texts in `known`."""
        table = np.full(max(1, len(self._numbers)), UNLABELLED, np.int64)
        for name, label in zip(self.known, of_known, strict=True):
            table[self._numbers[name]] = label
        return table[self._each]


def _is_label(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
