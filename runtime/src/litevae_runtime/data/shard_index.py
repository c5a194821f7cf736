"""Where the images of shards lie, and how that is kept from one start of a run to the next."""

import json
import os
from array import array
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from ..common.files import text_hash
from .listing import Strings


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """Every image's name and class, the number of its shard, and its place there in bytes; what was passed over, by kind.

    A class is the text of the `.cls` beside an image; empty where there is none.
    """

    names: Strings
    classes: Strings
    shard: npt.NDArray[np.int32]
    offset: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]
    ignored: Counter[str]

    @classmethod
    def of(
        cls,
        names: Strings,
        classes: Strings,
        shard: "array[int]",
        offset: "array[int]",
        size: "array[int]",
        ignored: Counter[str],
    ) -> Self:
        return cls(
            names,
            classes,
            np.frombuffer(shard, np.int32),
            np.frombuffer(offset, np.int64),
            np.frombuffer(size, np.int64),
            ignored,
        )


class IndexCache:
    """A folder of indices. One is taken while its shards have the sizes and times that they had.

    Where the folder cannot be written to, shards are indexed anew.
    """

    def __init__(self, folder: Path, shards: Sequence[Path]) -> None:
        paths = [os.fspath(path.absolute()) for path in shards]
        self._file = folder / f"{text_hash(paths)[:16]}.npz"
        status = [path.stat() for path in shards]
        self._key = json.dumps(
            [[path, one.st_size, one.st_mtime_ns] for path, one in zip(paths, status, strict=True)]
        )

    def read(self) -> ShardIndex | None:
        # Damage shows in more ways than zip files and arrays name: the index is made anew.
        with suppress(Exception), np.load(self._file, allow_pickle=False) as stored:
            if str(stored["key"]) != self._key:
                return None
            return ShardIndex(
                Strings.stored(stored["letters"], stored["ends"]),
                # Indices of older versions have none, and are made anew.
                Strings.stored(stored["class_letters"], stored["class_ends"]),
                stored["shard"],
                stored["offset"],
                stored["size"],
                Counter(json.loads(str(stored["ignored"]))),
            )
        return None

    def write(self, index: ShardIndex) -> None:
        partial = self._file.with_name(f".{self._file.stem}-{os.getpid()}.npz")
        letters, ends = index.names.blocks
        class_letters, class_ends = index.classes.blocks
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                partial,
                key=np.array(self._key),
                ignored=np.array(json.dumps(index.ignored)),
                letters=letters,
                ends=ends,
                class_letters=class_letters,
                class_ends=class_ends,
                shard=index.shard,
                offset=index.offset,
                size=index.size,
            )
            partial.replace(self._file)
        with suppress(OSError):
            partial.unlink()
