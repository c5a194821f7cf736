"""Sets that cannot be trained on are refused before a model is built."""

import errno
from pathlib import Path

import pytest
from data.refusals import PNG, message, refusal
from sets import PHOTOS, data, write_images, write_tar

from litevae_runtime.data.corrupt import probe
from litevae_runtime.data.images import open_images
from litevae_runtime.data.sets import split

SET = "a folder of images, a .tar shard or a folder of them, or a pattern such as data-{000..099}.tar"
SUFFIXES = "files that end in .png, .jpg, .jpeg, .webp, .bmp, .gif, .tif, .tiff, .npy"


# Sets that are none


def test_a_missing_folder(tmp_path: Path) -> None:
    assert refusal(lambda: open_images(tmp_path / "no" / "set", 3)) == message(
        f"there is no {tmp_path}/no/set", SET, f"{tmp_path}, without no", "check the path"
    )


def test_an_empty_folder(tmp_path: Path) -> None:
    assert refusal(lambda: open_images(tmp_path, 3)) == message(
        f"there are no images in {tmp_path}", SUFFIXES, "nothing", "check the path"
    )


def test_a_folder_of_other_files(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", ".c.png", "d"):
        (tmp_path / name).write_bytes(PNG)
    assert refusal(lambda: open_images(tmp_path, 3)) == message(
        f"there are no images in {tmp_path}",
        SUFFIXES,
        "4 other files: 2 .txt, 1 hidden, 1 without suffix",
        "check the path",
    )


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("clip.MP4", "take single frames out of the video first: ffmpeg -i VIDEO frames/%06d.png"),
        ("photos.zip", "unpack it first: images are read in random order"),
        ("photo.heic", "convert them to .png first"),
        ("scan.dcm", "write each image to a .png, .tif or .npy of its own"),
    ],
)
def test_what_people_have_instead_of_images(tmp_path: Path, name: str, remedy: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"something")
    assert refusal(lambda: open_images(tmp_path, 3)) == message(
        f"there are no images in {tmp_path}", SUFFIXES, f"1 other file: 1 {file.suffix.lower()}", remedy
    )
    assert refusal(lambda: open_images(file, 3)) == message(
        f"{file} is no set of images", SET, f"a {file.suffix.lower()} file", remedy
    )


def test_a_single_image_is_no_set() -> None:
    assert refusal(lambda: open_images(PHOTOS / "coffee.png", 3)) == message(
        f"{PHOTOS}/coffee.png is no set of images", SET, "a .png file", "name the folder that it lies in"
    )


def test_an_address_is_no_set() -> None:
    assert refusal(lambda: open_images("s3://bucket/data-{000..009}.tar", 3)) == message(
        "s3://bucket/data-{000..009}.tar is not on a disk of this machine",
        SET,
        remedy="fetch the images first",
    )


def test_a_folder_without_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Rights themselves would not do: root may read every folder.
    def closed(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder / "closed"))

    monkeypatch.setattr("litevae_runtime.data.listing.os.scandir", closed)
    assert refusal(lambda: open_images(tmp_path, 3)) == message(
        f"{tmp_path}/closed cannot be read",
        found="Permission denied",
        remedy="check the path and your rights to it",
    )


def test_images_beside_shards(tmp_path: Path) -> None:
    write_images(tmp_path, 2)
    write_tar(tmp_path / "a.tar", {"a.png": PNG})
    assert refusal(lambda: open_images(tmp_path, 3)) == message(
        f"{tmp_path} holds images as well as shards",
        "one or the other",
        "2 × .png and the like, 1 × .tar",
        "name the images' own folder, or the shards by a pattern such as data-{000..099}.tar",
    )


def test_shards_that_are_missing(tmp_path: Path) -> None:
    for number in (0, 2):
        write_tar(tmp_path / f"data-{number:02d}.tar", {"a.png": PNG})
    pattern = tmp_path / "data-{00..04}.tar"
    assert refusal(lambda: open_images(pattern, 3)) == message(
        f"3 of the 5 shards of {pattern} are missing",
        found=f"no {tmp_path}/data-01.tar, no {tmp_path}/data-04.tar",
        remedy="fetch them, or name the range that is there",
    )


def test_patterns_that_are_none(tmp_path: Path) -> None:
    assert refusal(lambda: open_images(tmp_path / "data-{9..1}.tar", 3)) == message(
        "the range {9..1} is empty", "the smaller number first", remedy="write {1..9}"
    )
    pattern = tmp_path / "data-{a,b}.tar"
    assert refusal(lambda: open_images(pattern, 3)) == message(
        f"{pattern} is no pattern of shards",
        "a range such as {000..099}",
        remedy="write first and last number with as many digits as the file names have",
    )


def test_a_shard_that_is_none(tmp_path: Path) -> None:
    shard = tmp_path / "a.tar"
    shard.write_bytes(b"\x1f\x8b" + b"compressed" * 100)
    assert refusal(lambda: open_images(shard, 3)) == message(
        f"{shard} is no .tar file",
        "an uncompressed .tar",
        "invalid header",
        "fetch it again, or unpack it if it is compressed: images are read in random order",
    )


@pytest.mark.parametrize("damage", ["cut in a file", "cut in a header", "overwritten header"])
def test_a_damaged_shard(tmp_path: Path, damage: str) -> None:
    shard = write_tar(tmp_path / "a.tar", {f"{number}.png": PNG for number in range(3)})
    content = shard.read_bytes()
    second = 512 + -(-len(PNG) // 512) * 512
    shard.write_bytes(
        {
            "cut in a file": content[: 512 + len(PNG) // 2],
            "cut in a header": content[: second + 100],
            "overwritten header": content[:second] + b"x" * 100 + content[second + 100 :],
        }[damage]
    )
    what = "unexpected end of data" if damage == "cut in a file" else "damaged header"
    assert refusal(lambda: open_images(shard, 3)) == message(
        f"{shard} is damaged", found=f"{what} after 1 file", remedy="fetch it again, or leave it out"
    )


def test_a_shard_without_an_end_marker_is_whole(tmp_path: Path) -> None:
    shard = write_tar(tmp_path / "a.tar", {"a.png": PNG})
    shard.write_bytes(shard.read_bytes()[: 512 + -(-len(PNG) // 512) * 512])
    assert len(open_images(shard, 3)) == 1


def test_a_shard_without_images(tmp_path: Path) -> None:
    shard = write_tar(tmp_path / "a.tar", {"a.json": b"{}", "clip.mp4": b""})
    assert refusal(lambda: open_images(shard, 3)) == message(
        f"there are no images in {shard}",
        SUFFIXES,
        "2 other files: 1 .json, 1 .mp4",
        "take single frames out of the video first: ffmpeg -i VIDEO frames/%06d.png",
    )


def test_a_validation_folder_that_is_missing(tmp_path: Path) -> None:
    images = open_images(PHOTOS, 3)
    missing = str(tmp_path / "validation")
    assert refusal(lambda: split(images, data(validation_folder=missing), 0)).startswith(
        f"there is no {missing}\n"
    )


# Sets whose images cannot be used


def test_all_images_corrupt(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.jpg").write_bytes(b"noise")
    images = open_images(tmp_path, 3)
    lines = [f"{number}.jpg: none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY" for number in range(5)]
    found = f"\n{' ' * 12}".join([*lines, "and 2 more"])
    expected = message(
        f"none of 7 images in {tmp_path} can be used",
        found=found,
        remedy="check the path, and that the files are whole",
    )
    # Not even a recipe that bears every corrupt image can train on none.
    assert refusal(lambda: probe(images, 0.01, 32)) == expected
    assert refusal(lambda: probe(images, 1, 32)) == expected
