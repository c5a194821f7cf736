"""Folders and shards hold the same images under names in one order."""

import io
import os
import tarfile
from pathlib import Path
from typing import IO

import pytest
import torch
from sets import colour, encoded, write_images, write_tar

from litevae_runtime.data.images import open_images

PNG = encoded(colour(0, (64, 64)), "PNG")


def open_files() -> int:
    # Linux and macOS list a process's open files here.
    return len(list(Path("/dev/fd").iterdir()))


def test_a_folder_is_listed_at_any_depth_in_one_order(tmp_path: Path) -> None:
    write_images(tmp_path / "set", 7)
    folder = tmp_path / "set"
    colour(9).save(folder / "class-1" / "UPPER.JPG")
    (folder / ".hidden").mkdir()
    colour(8).save(folder / ".hidden" / "a.png")
    (folder / "class-0" / "._000.png").write_bytes(b"a resource fork")
    (folder / "labels.txt").write_text("none")
    (folder / "class-2" / "loop").symlink_to(folder)
    images = open_images(folder, 3)
    assert [images.name(index) for index in range(len(images))] == [
        "class-0/000.png",
        "class-0/003.png",
        "class-0/006.png",
        "class-1/001.png",
        "class-1/004.png",
        "class-1/UPPER.JPG",
        "class-2/002.png",
        "class-2/005.png",
    ]
    assert str(images) == f"8 images in {folder} (3 other files: 2 hidden, 1 .txt)"


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    write_images(tmp_path / "elsewhere", 2)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "elsewhere")
    assert open_images(tmp_path / "set", 3).name(1) == "linked/class-1/001.png"


def test_names_that_are_no_text_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / os.fsdecode(b"\xff.png")).write_bytes(PNG)
    images = open_images(tmp_path / "set", 3)
    assert images.open(0).width == 64


def test_shards_equal_the_folder_they_were_made_of(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 10)
    files = sorted(folder.rglob("*.png"))
    for shard in range(3):
        members = {f"./{file.name}": file.read_bytes() for file in files[4 * shard : 4 * shard + 4]}
        write_tar(
            tmp_path / "tars" / f"data-{shard:03d}.tar", {"a.json": b"{}", ".hidden.png": b"", **members}
        )
    plain = open_images(folder, 3)
    for path in (tmp_path / "tars", tmp_path / "tars" / "data-{000..002}.tar"):
        shards = open_images(path, 3)
        assert str(shards) == f"10 images in {path} (6 other files: 3 .json, 3 hidden)"
        assert shards.name(4) == f"data-001.tar/{files[4].name}"
        for index in (9, 0, 5, 3, 8, 1):
            box, size = (0, 0, 24, 16), (24, 16)
            assert torch.equal(shards.open(index).resized(box, size), plain.open(index).resized(box, size))
    assert len(open_images(tmp_path / "tars" / "data-002.tar", 3)) == 2


def test_links_and_folders_in_a_shard_are_no_images(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, kind in (("folder.png", tarfile.DIRTYPE), ("link.png", tarfile.SYMTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type = kind
            tar.addfile(entry)
        file = tarfile.TarInfo("folder.png/a.png")
        file.size = len(PNG)
        tar.addfile(file, io.BytesIO(PNG))
    images = open_images(tmp_path, 3)
    assert [images.name(index) for index in range(len(images))] == ["a.tar/folder.png/a.png"]


def test_few_shards_are_open_at_once(tmp_path: Path) -> None:
    for shard in range(70):
        write_tar(tmp_path / f"{shard:02d}.tar", {"a.png": encoded(colour(shard, (4, 4)), "PNG")})
    images = open_images(tmp_path, 3)
    before = open_files()
    read = [images.open(index % 70).resized((0, 0, 4, 4), (4, 4)) for index in range(140)]
    assert 60 < open_files() - before <= 64
    assert all(torch.equal(first, second) for first, second in zip(read[:70], read[70:], strict=True))
    assert len(torch.unique(torch.stack(read), dim=0)) == 70


def test_a_forked_process_opens_its_own_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = open_images(write_tar(tmp_path / "a.tar", {"a.png": PNG}), 3)
    opened: list[Path] = []
    open_ = Path.open

    def counting(path: Path, mode: str) -> IO[bytes]:
        opened.append(path)
        return open_(path, mode)

    monkeypatch.setattr(Path, "open", counting)
    images.open(0)
    images.open(0)
    assert len(opened) == 1
    process = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: process + 1)
    images.open(0)
    images.open(0)
    assert len(opened) == 2


def test_patterns_of_several_ranges(tmp_path: Path) -> None:
    for first in range(2):
        for second in range(9, 11):
            write_tar(tmp_path / f"part-{first}" / f"{second:02d}.tar", {"a.png": PNG})
    images = open_images(tmp_path / "part-{0..1}" / "{09..10}.tar", 3)
    assert [images.name(index) for index in range(4)] == [
        "part-0/09.tar/a.png",
        "part-0/10.tar/a.png",
        "part-1/09.tar/a.png",
        "part-1/10.tar/a.png",
    ]
