"""A set of images: a folder at any depth, or WebDataset shards."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ..common.errors import InputError, UnreadableImageError
from ..common.text import counted
from .decode import SUFFIXES, DecodedImage, open_image
from .listing import Strings, described, first_folder, suffix, walk
from .pixels import BY_TYPE, Declared
from .shards import Shards, expand_braces
from .storage import Storage

_EXPECTED = "a folder of images, a .tar shard or a folder of them, or a pattern such as data-{000..099}.tar"

# What people have instead of images, and what to do with it.
_REMEDIES = {
    (".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg"): "take single frames out of the video first: "
    "ffmpeg -i VIDEO frames/%06d.png",
    (
        ".gz",
        ".tgz",
        ".zst",
        ".bz2",
        ".xz",
        ".zip",
        ".7z",
        ".rar",
    ): "unpack it first: images are read in random order",
    (
        ".heic",
        ".heif",
        ".avif",
        ".jxl",
        ".jp2",
        ".dng",
        ".cr2",
        ".nef",
        ".ppm",
        ".exr",
    ): "convert them to .png first",
    (
        ".dcm",
        ".nii",
        ".h5",
        ".hdf5",
        ".npz",
        ".parquet",
        ".lmdb",
    ): "write each image to a .png, .tif or .npy of its own",
}


class _Storage(Protocol):
    """Where the bytes of images lie."""

    @property
    def names(self) -> Strings: ...
    def read(self, index: int) -> bytes: ...
    def size(self, index: int) -> int: ...
    def declared_class(self, index: int) -> str: ...
    def folder(self, index: int) -> str: ...


class Images:
    """Images by number, in an order that depends on their names alone. Nothing is decoded before it is asked for."""

    def __init__(
        self, place: str, storage: _Storage, channels: int, rule: Declared, ignored: Counter[str]
    ) -> None:
        self.place = place
        self.channels = channels
        self.rule = rule
        self.ignored = ignored
        self._storage = storage
        self.storage = Storage(place, len(self), storage.read)

    def __len__(self) -> int:
        return len(self._storage.names)

    def name(self, index: int) -> str:
        """The path inside the folder, or shard and member: unique in the set."""
        return self._storage.names[index]

    def size(self, index: int) -> int:
        """The bytes of its file; -1 where the file has gone."""
        try:
            return self._storage.size(index)
        except OSError:
            return -1

    def declared_class(self, index: int) -> str:
        """What the set itself says of its class, in a shard's `.cls`; empty where it says nothing."""
        return self._storage.declared_class(index)

    def folder(self, index: int) -> str:
        """The first folder of its path, which names its class in most sets; empty where it lies in none."""
        return self._storage.folder(index)

    def read(self, index: int) -> bytes:
        """The bytes of its file; OSError where it cannot be read."""
        return self._storage.read(index)

    def open(self, index: int) -> DecodedImage:
        """One image; CorruptImageError where it is none, UnreadableImageError where it cannot be read."""
        try:
            data = self.read(index)
        except OSError as error:
            raise UnreadableImageError(error.strerror or str(error)) from error
        return open_image(data, self.channels, self.rule)

    def __str__(self) -> str:
        others = f" ({described(self.ignored)})" if self.ignored else ""
        return f"{counted(len(self), 'image')} in {self.place}{others}"


class _Files:
    def __init__(self, root: Path, names: Strings) -> None:
        self.names = names
        self._root = root

    def read(self, index: int) -> bytes:
        return (self._root / self.names[index]).read_bytes()

    def size(self, index: int) -> int:
        return (self._root / self.names[index]).stat().st_size

    def declared_class(self, index: int) -> str:
        return ""

    def folder(self, index: int) -> str:
        return first_folder(self.names[index])


def open_images(
    path: str | Path, channels: int, cache: Path | None = None, rule: Declared = BY_TYPE
) -> Images:
    """Lists the images of a folder, or indexes those of shards, for a model of so many channels; `rule` says what
    their samples mean.

    `cache` is a folder that keeps the indices of shards. Hidden files and files of other kinds are passed over and counted in
    `ignored`. InputError says what was found where there is nothing to train on.
    """
    try:
        return _opened(str(path), channels, cache, rule)
    except OSError as error:
        raise InputError(
            f"{error.filename or path} cannot be read",
            found=error.strerror or str(error),
            remedy="check the path and your rights to it",
        ) from error


def _opened(path: str, channels: int, cache: Path | None, rule: Declared) -> Images:
    place = Path(path).expanduser()
    if "://" in path or path.startswith("pipe:"):
        raise InputError(
            f"{path} is not on a disk of this machine", expected=_EXPECTED, remedy="fetch the images first"
        )
    if not place.exists():
        if "{" in path:
            return _from_shards(path, expand_braces(path), channels, cache, rule)
        raise _missing(place)
    if place.is_dir():
        return _from_folder(place, channels, cache, rule)
    if not place.is_file():
        raise InputError(
            f"{path} is no set of images",
            expected=_EXPECTED,
            found="a pipe or device, which is read once",
            remedy="write it to a disk first: images are read in random order",
        )
    if suffix(path) == ".tar":
        return _from_shards(path, [place], channels, cache, rule)
    kind = f"a {suffix(path)} file" if suffix(path) else "a file without a suffix"
    remedy = "name the folder that it lies in" if suffix(path) in SUFFIXES else _remedy([suffix(path)])
    raise InputError(f"{path} is no set of images", expected=_EXPECTED, found=kind, remedy=remedy)


def _from_folder(folder: Path, channels: int, cache: Path | None, rule: Declared) -> Images:
    ignored: Counter[str] = Counter()
    shards: list[Path] = []

    def images() -> Iterator[str]:
        for name in walk(folder, ignored):
            if suffix(name) in SUFFIXES:
                yield name
            elif suffix(name) == ".tar":
                shards.append(folder / name)
            else:
                ignored[suffix(name)] += 1

    names = Strings(images())
    if shards and len(names):
        raise InputError(
            f"{folder} holds images as well as shards",
            expected="one or the other",
            found=f"{len(names):,} × {suffix(names[0])} and the like, {len(shards):,} × .tar",
            remedy="name the images' own folder, or the shards by a pattern such as data-{000..099}.tar",
        )
    if shards:
        return _from_shards(str(folder), shards, channels, cache, rule, ignored)
    return _some(Images(str(folder), _Files(folder, names), channels, rule, ignored))


def _from_shards(
    place: str,
    shards: list[Path],
    channels: int,
    cache: Path | None,
    rule: Declared,
    ignored: Counter[str] | None = None,
) -> Images:
    others = Counter() if ignored is None else ignored
    return _some(Images(place, Shards(shards, others, cache), channels, rule, others))


def _some(images: Images) -> Images:
    if len(images):
        return images
    raise InputError(
        f"there are no images in {images.place}",
        expected=f"files that end in {', '.join(SUFFIXES)}",
        found=described(images.ignored) or "nothing",
        remedy=_remedy(images.ignored),
    )


def _missing(place: Path) -> InputError:
    there = next(parent for parent in place.absolute().parents if parent.exists())
    return InputError(
        f"there is no {place}",
        expected=_EXPECTED,
        found=f"{there}, without {place.absolute().relative_to(there).parts[0]}",
        remedy="check the path",
    )


def _remedy(suffixes: Counter[str] | list[str]) -> str:
    for kinds, remedy in _REMEDIES.items():
        if any(kind in kinds for kind in suffixes):
            return remedy
    return "check the path"
