"""Shards are indexed once, and again where they have changed."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sets import colour, encoded, write_tar
from small_runs import train

from litevae_runtime.data import shards
from litevae_runtime.data.images import Images, open_images


def write(place: Path, first: int = 0) -> Path:
    for shard in range(2):
        numbers = range(first + 4 * shard, first + 4 * shard + 4)
        members = {f"{number}.png": encoded(colour(number), "PNG") for number in numbers}
        write_tar(place / f"{shard}.tar", members | {"note.txt": b"no image", ".hidden": b""})
    return place


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the shards that were read through, in order."""
    found: list[str] = []
    original = shards._members

    def watched(path: Path) -> Any:
        found.append(path.name)
        return original(path)

    monkeypatch.setattr(shards, "_members", watched)
    return found


def everything(images: Images) -> list[Any]:
    each = [(images.name(i), images.size(i), images.read(i)) for i in range(len(images))]
    return [*each, images.ignored, str(images)]


def test_an_index_is_read_again_and_is_the_same(tmp_path: Path, indexed: list[str]) -> None:
    place, cache = write(tmp_path / "set"), tmp_path / "cache"
    first, second = (everything(open_images(place, 3, cache)) for _ in range(2))
    assert indexed == ["0.tar", "1.tar"]
    assert first == second == everything(open_images(place, 3))
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def touch(place: Path) -> None:
    status = (place / "0.tar").stat()
    os.utime(place / "0.tar", ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def lengthen(place: Path) -> None:
    status = (place / "0.tar").stat()
    with (place / "0.tar").open("ab") as file:
        file.write(bytes(512))
    os.utime(place / "0.tar", ns=(status.st_atime_ns, status.st_mtime_ns))


def add(place: Path) -> None:
    write_tar(place / "2.tar", {"new.png": encoded(colour(9), "PNG")})


@pytest.mark.parametrize("change", [touch, lengthen, add])
def test_shards_that_changed_are_indexed_anew(
    change: Callable[[Path], None], tmp_path: Path, indexed: list[str]
) -> None:
    place, cache = write(tmp_path / "set"), tmp_path / "cache"
    open_images(place, 3, cache)
    change(place)
    indexed.clear()
    found = everything(open_images(place, 3, cache))
    assert indexed[0] == "0.tar"
    assert found == everything(open_images(place, 3))


def encrypted(content: bytes) -> bytes:
    """A flag of the zip file's directory says so."""
    place = content.index(b"PK\x01\x02") + 8
    return content[:place] + b"\x01" + content[place + 1 :]


@pytest.mark.parametrize(
    "damage", [lambda content: content[: len(content) // 2], lambda content: b"no zip", encrypted]
)
def test_a_damaged_index_is_made_anew(
    damage: Callable[[bytes], bytes], tmp_path: Path, indexed: list[str]
) -> None:
    place, cache = write(tmp_path / "set"), tmp_path / "cache"
    before = everything(open_images(place, 3, cache))
    [file] = cache.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert everything(open_images(place, 3, cache)) == before
    assert len(indexed) == 4


def test_an_index_that_cannot_be_kept_is_made_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert len(open_images(write(tmp_path / "set"), 3, tmp_path / "cache")) == 8


def test_a_run_indexes_its_shards_once(tmp_path: Path, indexed: list[str]) -> None:
    place, run = write(tmp_path / "set"), tmp_path / "run"
    validation = ("--set", f"data.validation_folder={write(tmp_path / 'held-out', first=8)}")
    assert train(run, place, *validation) == 0
    assert indexed == ["0.tar", "1.tar"] * 2
    assert train(run, place, "--resume", "auto") == 0
    assert len(indexed) == 4
    assert len(list((tmp_path / "run.shards").iterdir())) == 2


def test_a_shard_that_was_open_while_the_storage_was_away_is_opened_again(tmp_path: Path) -> None:
    images = open_images(write(tmp_path / "set"), 3)
    before = images.read(0)

    class Stale:
        """As a network file system leaves what was open before it was mounted again."""

        def seek(self, _: int) -> None:
            raise OSError(errno.ESTALE, "Stale file handle")

        def close(self) -> None:
            self.seek(0)

    storage: Any = images._storage
    storage._files[0] = Stale()
    with pytest.raises(OSError, match="Stale file handle"):
        images.read(0)
    assert images.read(0) == before
