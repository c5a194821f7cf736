"""Which images an evaluation uses, and what its protocol says of them."""

import re
from pathlib import Path

import numpy as np
import pytest
from evaluation.runs import Compiled, compiled, result
from sets import colour, write_images

__all__ = ["compiled"]


def test_images_that_cannot_be_used_are_left_out_and_counted(
    compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_images(tmp_path / "images", 4)
    arguments = ("--metrics", "psnr,mmd", "--sizes", "16,64")
    assert compiled.evaluate(tmp_path / "whole.json", *arguments, data=data) == 0
    (data / "class-0" / "000a.png").write_bytes(b"no image")
    assert compiled.evaluate(tmp_path / "found.json", *arguments, data=data) == 0
    assert result(tmp_path / "found.json")["notes"][0].startswith(
        "1 image could not be used and is left out, "
    )
    # What was not asked for has no column.
    assert re.search(r"^ *size +images +PSNR$", capsys.readouterr().out, re.MULTILINE)
    # Large enough for 16, and not for 64: it is left out at both.
    colour(9, (15, 15)).save(data / "class-1" / "small.png")
    assert compiled.evaluate(tmp_path / "found.json", *arguments, data=data) == 0
    entries = [result(tmp_path / name)["sizes"] for name in ("whole.json", "found.json")]
    assert entries[0] == entries[1]
    found = result(tmp_path / "found.json")
    assert found["protocol"]["data"]["images"] == 4 and found["protocol"]["data"]["skipped"] == 2
    note, enlarged = found["notes"]
    assert enlarged == "images smaller than the side are enlarged: 4 of 4 images at 64×64"
    assert note.startswith(
        "2 images could not be used and are left out, the first class-0/000a.png: none of the formats"
    )
    assert f"note: {note}" in capsys.readouterr().err


def test_the_protocol_names_formats_and_enlarged_images(
    compiled: Compiled, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "images"
    data.mkdir()
    colour(0, (40, 40)).save(data / "large.png")
    colour(1, (32, 48)).save(data / "fits.jpg")
    # The bytes say what it is, not the name.
    colour(2, (64, 31)).save(data / "wide.png", "JPEG")
    colour(3, (20, 20)).save(data / "small.webp")
    colour(4, (20, 20)).save(data / "small.tif")
    np.save(data / "array.npy", np.zeros((3, 24, 24), np.float32))
    (data / "corrupt.gif").write_bytes(b"GIF89a")
    assert compiled.evaluate(tmp_path / "found.json", "--metrics", "psnr", "--sizes", "32,16", data=data) == 0
    found = result(tmp_path / "found.json")["protocol"]["data"]
    assert found["formats"] == {"JPEG": 2, "NPY": 1, "PNG": 1, "TIFF": 1, "WEBP": 1}
    assert found["enlarged"] == {"16": 0, "32": 4}
    told = "note: images smaller than the side are enlarged: 4 of 6 images at 32×32\n"
    assert capsys.readouterr().err.count(told) == 1


def test_a_limit_draws_by_name(compiled: Compiled, tmp_path: Path) -> None:
    hashes = []
    for limit in ("3", "3", "5"):
        assert compiled.evaluate(tmp_path / "found.json", "--metrics", "psnr", "--limit", limit) == 0
        found = result(tmp_path / "found.json")
        assert found["sizes"][0]["images"] == int(limit)
        hashes.append(found["protocol"]["data"]["files_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]
    assert found["protocol"]["data"]["chosen"] == "all"
