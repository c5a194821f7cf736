"""WebDataset shards: plain .tar files, indexed once, so that any image can be read at any time."""

import itertools
import os
import re
import tarfile
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..common.errors import InputError
from ..common.text import counted
from .decode import SUFFIXES
from .listing import Strings, first_folder, is_hidden, suffix
from .shard_index import IndexCache, ShardIndex

# Open files per process; systems commonly allow 1,024.
_OPEN_FILES = 64

# Bytes of a class at most: what is longer is no class.
_LONGEST_CLASS = 256

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


class Shards:
    """Where the images of .tar files begin and how long they are. Pickled and forked without its open files."""

    def __init__(self, paths: Sequence[Path], ignored: Counter[str], cache: Path | None = None) -> None:
        self._paths = list(paths)
        kept = IndexCache(cache, paths) if cache is not None else None
        index = kept.read() if kept is not None else None
        if index is None:
            index = self._indexed()
            if kept is not None:
                kept.write(index)
        ignored.update(index.ignored)
        self.names, self._classes = index.names, index.classes
        self._shard, self._offset, self._size = index.shard, index.offset, index.size
        self._forget()

    def read(self, index: int) -> bytes:
        """The bytes of one image."""
        if self._process != os.getpid():
            self._forget()
        shard = int(self._shard[index])
        file = self._opened(shard)
        try:
            file.seek(int(self._offset[index]))
            return file.read(int(self._size[index]))
        except OSError:
            # What was open while the storage was away stays unreadable after it came back.
            with suppress(OSError):
                self._files.pop(shard).close()
            raise

    def size(self, index: int) -> int:
        """How many bytes one image has."""
        return int(self._size[index])

    def declared_class(self, index: int) -> str:
        """The text of the `.cls` beside an image, as WebDataset has it; empty where there is none."""
        return self._classes[index]

    def folder(self, index: int) -> str:
        """The first folder of an image's path in its shard; empty where it lies in none."""
        shard = self._paths[int(self._shard[index])].relative_to(self._base).as_posix()
        return first_folder(self.names[index].removeprefix(f"{shard}/"))

    @property
    def _base(self) -> str:
        return os.path.commonpath([path.parent for path in self._paths])

    def _indexed(self) -> ShardIndex:
        """With names `shard/member`, in the order of the shards and of their members."""
        shard, offset, size = array("i"), array("q"), array("q")
        ignored: Counter[str] = Counter()
        classes: list[str] = []
        names = Strings(self._images(shard, offset, size, classes, ignored))
        return ShardIndex.of(names, Strings(classes), shard, offset, size, ignored)

    def _images(
        self,
        shards: "array[int]",
        offsets: "array[int]",
        sizes: "array[int]",
        classes: list[str],
        ignored: Counter[str],
    ) -> Iterator[str]:
        base = self._base
        for number, path in enumerate(self._paths):
            shard = path.relative_to(base).as_posix()
            keys: list[str] = []
            declared: dict[str, str] = {}
            for member in _members(path):
                if not member.isfile():
                    continue
                name = member.name.removeprefix("./")
                if is_hidden(name):
                    ignored["hidden"] += 1
                elif suffix(name) == ".cls":
                    declared[_key(name)] = _text(path, member)
                elif suffix(name) not in SUFFIXES:
                    ignored[suffix(name)] += 1
                else:
                    shards.append(number)
                    offsets.append(member.offset_data)
                    sizes.append(member.size)
                    keys.append(_key(name))
                    yield f"{shard}/{name}"
            # The class may stand before the image or behind it.
            classes += (declared.get(key, "") for key in keys)

    def _opened(self, shard: int) -> BinaryIO:
        file = self._files.pop(shard, None) or self._paths[shard].open("rb")
        self._files[shard] = file
        if len(self._files) > _OPEN_FILES:
            self._files.popitem(last=False)[1].close()
        return file

    def _forget(self) -> None:
        """A forked process shares the reading position of its parent's files, so each opens its own."""
        self._process = os.getpid()
        self._files: OrderedDict[int, BinaryIO] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_files": OrderedDict()}


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    count = 0
    try:
        with tarfile.open(path, "r:") as tar:
            while (member := tar.next()) is not None:
                count += 1
                # tarfile keeps what it has read, and a shard may have a million members.
                tar.members = []  # type: ignore[attr-defined]
                yield member
            _require_end(path, tar.offset)
    except tarfile.TarError as error:
        if count == 0:
            raise InputError(
                f"{path} is no .tar file",
                expected="an uncompressed .tar",
                found=str(error),
                remedy="fetch it again, or unpack it if it is compressed: images are read in random order",
            ) from None
        raise InputError(
            f"{path} is damaged",
            found=f"{error} after {counted(count, 'file')}",
            remedy="fetch it again, or leave it out",
        ) from None


def _key(name: str) -> str:
    """What files of one sample share: the path up to the first dot of the last part, as in WebDataset."""
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]


def _text(path: Path, member: tarfile.TarInfo) -> str:
    with path.open("rb") as file:
        file.seek(member.offset_data)
        return file.read(min(member.size, _LONGEST_CLASS)).decode(errors="surrogateescape").strip()


def _require_end(path: Path, offset: int) -> None:
    """Tarfile takes a damaged header behind the first for the end; a whole archive ends in zeros, or with its last file."""
    with path.open("rb") as file:
        file.seek(offset)
        if file.read(tarfile.BLOCKSIZE) not in (b"", bytes(tarfile.BLOCKSIZE)):
            raise tarfile.ReadError("damaged header")


def expand_braces(pattern: str) -> list[Path]:
    """The paths of a pattern such as data-{000..099}.tar; several braces give every combination.

    InputError where a range runs backwards or files are missing.
    """
    ranges = list(_RANGE.finditer(pattern))
    if not ranges:
        raise InputError(
            f"{pattern} is no pattern of shards",
            expected="a range such as {000..099}",
            remedy="write first and last number with as many digits as the file names have",
        )
    texts: list[list[str]] = []
    for found in ranges:
        first, last = found.groups()
        if int(first) > int(last):
            raise InputError(
                f"the range {found.group()} is empty",
                expected="the smaller number first",
                remedy=f"write {{{last}..{first}}}",
            )
        texts.append([f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)])
    literal = _RANGE.split(pattern)[::3]
    paths = [
        Path("".join(map("".join, itertools.zip_longest(literal, chosen, fillvalue="")))).expanduser()
        for chosen in itertools.product(*texts)
    ]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise InputError(
            f"{len(missing):,} of the {len(paths):,} shards of {pattern} are missing",
            found=f"no {missing[0]}" + (f", no {missing[-1]}" if len(missing) > 1 else ""),
            remedy="fetch them, or name the range that is there",
        )
    return paths
