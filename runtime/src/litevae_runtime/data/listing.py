"""What lies in a folder: names in a fixed order, held compactly, and what is passed over."""

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from ..common.text import counted


class Strings:
    """An immutable list of strings as one block of bytes.

    Ten million names take what their letters take, and forked loading processes share them: a list of `str` would be
    copied page by page as its reference counts are touched.
    """

    def __init__(self, items: Iterable[str]) -> None:
        letters, ends = bytearray(), array("q", [0])
        for item in items:
            letters += os.fsencode(item)
            ends.append(len(letters))
        self._letters = bytes(letters)
        self._ends = np.frombuffer(ends, np.int64)

    @property
    def blocks(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """The bytes of all strings, and where each ends, 0 in front; `stored` makes the list of them again."""
        return np.frombuffer(self._letters, np.uint8), self._ends

    @classmethod
    def stored(cls, letters: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> "Strings":
        made = cls(())
        made._letters, made._ends = letters.tobytes(), ends
        return made

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        return os.fsdecode(self._letters[self._ends[index] : self._ends[index + 1]])


def walk(root: Path, ignored: Counter[str]) -> Iterator[str]:
    """The files under `root` as relative paths with /, at any depth, each folder sorted by name.

    Hidden files and folders are counted in `ignored`. Links are followed, except to a folder that holds them.
    """
    yield from _walk(root, "", ignored, ())


def _walk(
    folder: Path, prefix: str, ignored: Counter[str], above: tuple[tuple[int, int], ...]
) -> Iterator[str]:
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.name.startswith("."):
            ignored["hidden"] += 1
        elif entry.is_dir():
            yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", ignored, (*above, here))
        elif entry.is_file() or not (folder / entry.name).exists():
            # A link to nothing is an image that has gone.
            yield prefix + entry.name
        else:
            ignored["pipe or device"] += 1


def first_folder(name: str) -> str:
    """The first part of a relative path, where it lies in a folder at all."""
    folder, slash, _ = name.partition("/")
    return folder if slash else ""


def suffix(name: str) -> str:
    """The last suffix, in lower case."""
    return PurePosixPath(name).suffix.lower()


def is_hidden(name: str) -> bool:
    """Whether a relative path has a part that begins with a dot, as ./ does not."""
    return any(part.startswith(".") for part in PurePosixPath(name).parts)


def described(ignored: Counter[str]) -> str:
    """`12 other files: 10 .json, 2 hidden`; empty where there are none."""
    if not ignored:
        return ""
    kinds = [f"{count:,} {kind or 'without suffix'}" for kind, count in ignored.most_common(5)]
    rest = ignored.total() - sum(count for _, count in ignored.most_common(5))
    return (
        f"{counted(ignored.total(), 'other file')}: {', '.join(kinds + ([f'{rest:,} more'] if rest else []))}"
    )
