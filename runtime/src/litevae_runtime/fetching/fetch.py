"""A file from the network, kept only when its bytes are those that were published."""

import hashlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from ..common.errors import InputError
from ..common.files import written_whole
from ..nn.published import Source

_PIECE = 1 << 20

# Without an answer for so long, in seconds, a server is taken for lost.
_TIMEOUT = 60


def fetch(name: str, source: Source, folder: Path, mirror: str | None, say: Callable[[str], None]) -> Path:
    """The file `name` in `folder`, from `source` or, by its name, from below the URL `mirror`.

    InputError where it cannot be had, or where its SHA-256 is another: then nothing is left.
    """
    url = source.url if mirror is None else f"{mirror.rstrip('/')}/{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(folder / name) as partial:
            found = _download(url, partial, say)
            if not found.startswith(source.sha256):
                raise InputError(
                    f"{url} is not the file that was published",
                    expected=f"sha256 {source.sha256}{'' if len(source.sha256) == 64 else '…'}",
                    found=f"sha256 {found}",
                    remedy="try again, or fetch it elsewhere with --mirror",
                )
            if len(source.sha256) < len(found):
                say(
                    f"{name}: its publisher names no more than the first {len(source.sha256)} digits of sha256 {found}"
                )
    except URLError as error:
        raise InputError(
            f"{url} cannot be fetched",
            found=str(error.reason),
            remedy=f"fetch it where there is a network, and copy it to {folder}; --mirror URL names another server",
        ) from error
    except ValueError as error:
        raise InputError(
            f"{url} is no address", found=str(error), remedy="give --mirror as http://HOST/PATH"
        ) from error
    except (OSError, HTTPException) as error:
        raise InputError(
            f"{name} cannot be fetched into {folder}",
            found=getattr(error, "strerror", None) or str(error),
            remedy="try again, or name a folder with room in --folder",
        ) from error
    return folder / name


def _download(url: str, into: Path, say: Callable[[str], None]) -> str:
    """Writes what is at `url`; returns its SHA-256."""
    digest = hashlib.sha256()
    with urlopen(Request(url, headers={"User-Agent": "litevae"}), timeout=_TIMEOUT) as answer:
        size = answer.headers.get("Content-Length")
        say(f"fetching {url}{'' if size is None else f', {int(size) / 2**20:.1f} MiB'}")
        with into.open("wb") as file:
            while piece := answer.read(_PIECE):
                digest.update(piece)
                file.write(piece)
    return digest.hexdigest()
