"""Files that are written whole or not at all, and what their bytes hash to."""

import hashlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

from .errors import InputError


def require_writable(file: Path) -> None:
    """InputError where a result could not be written, said before the work is done. Makes its folder."""
    place = file.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError("a folder of this name")
        if place.exists() and not place.is_file():
            # A pipe or device, which is written into.
            return
        # Rights alone do not tell: a system such as /proc gives them and takes no file.
        with TemporaryFile(dir=place.parent):
            pass
    except OSError as error:
        raise InputError(
            f"{file} cannot be written",
            found=error.strerror or str(error),
            remedy="give --output FILE in a folder of yours",
        ) from error


@contextmanager
def written_whole(path: Path) -> Generator[Path]:
    """A path beside `path` to write to, which is renamed at the end; where writing fails nothing is left of it.

    It is this writer's own: two that write the same file at once each write a whole one.
    """
    partial = path.with_name(f"{path.name}.{uuid4().hex[:8]}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a file whole: beside, then renamed. A link stays a link; a pipe or device is written to, and never replaced."""
    place = path.resolve()
    if place.exists() and not place.is_file():
        place.write_text(text, encoding="utf-8")
        return
    with written_whole(place) as partial:
        partial.write_text(text, encoding="utf-8")


def file_hash(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def text_hash(lines: Iterable[str]) -> str:
    """The SHA-256 of lines, each ended by a line feed."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
