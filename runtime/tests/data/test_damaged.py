"""Damaged files, and what no model sees: each is a corrupt image with a reason, and nothing else."""

import warnings
import zlib

import numpy as np
import pytest
from data.decoding import PIXELS, PNG, decoded, npy, reason
from PIL import Image
from sets import colour, encoded

from litevae_runtime.common.errors import CorruptImageError

BAD = {
    "empty": (b"", 3, "the file is empty"),
    "text": (b"not an image", 3, "none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY"),
    "cut off": (PNG[:-4000], 3, "the file is cut off"),
    "npy of 5": (
        npy(np.zeros((6, 9, 5), np.uint8)),
        4,
        "an array [6, 9, 5], not [H, W, 4] or [4, H, W]",
    ),
    "npy in 2-d": (
        npy(np.zeros((6, 9), np.uint8)),
        3,
        "an array [6, 9], not [H, W, 3] or [3, H, W]",
    ),
    "npy without pixels": (
        npy(np.zeros((0, 9, 3), np.uint8)),
        3,
        "an array [0, 9, 3] without pixels",
    ),
    "npy of objects": (npy(np.array([[None]])), 1, "an array of Python objects"),
    "npy cut off": (
        npy(np.zeros((6, 9, 3), np.uint8))[:-10],
        3,
        "152 bytes of pixels where [6, 9, 3] of uint8 has 162",
    ),
    "npy of int64": (
        npy(np.zeros((6, 9, 3), np.int64)),
        3,
        "samples of type int64, whose range is unknown",
    ),
    "npy of 0…255 in floats": (
        npy(np.full((6, 9, 3), 255.0)),
        3,
        "values from 255 to 255, outside of [0, 1]",
    ),
    "npy in [-1, 1]": (
        npy(np.linspace(-1, 1, 162).reshape(6, 9, 3)),
        3,
        "values from -1 to 1, outside of [0, 1]",
    ),
    "npy with NaN": (
        npy(np.full((6, 9, 3), np.nan, np.float32)),
        3,
        "162 of 162 samples are missing (NaN or nodata)",
    ),
    "grey for four channels": (
        encoded(Image.new("L", (8, 8)), "PNG"),
        4,
        "1 channel (L), not 4",
    ),
    "rgb for four channels": (PNG, 4, "3 channels (RGB), not 4"),
    "32 bits": (
        encoded(Image.new("I", (8, 8)), "TIFF"),
        1,
        "samples of type int32, whose range is unknown",
    ),
    "bomb": (
        encoded(Image.new("1", (20_000, 20_000)), "PNG"),
        3,
        "an image of more than 178,956,970 pixels",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_image_has_a_reason(case: str) -> None:
    data, channels, expected = BAD[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reason(data, channels) == expected


def test_damaged_files_are_corrupt_images_and_nothing_else() -> None:
    chance = np.random.default_rng(0)
    kinds = [("PNG", "RGB"), ("JPEG", "RGB"), ("TIFF", "RGB"), ("WEBP", "RGB"), ("GIF", "P"), ("BMP", "RGB")]
    whole = [encoded(colour(0).convert(mode), kind) for kind, mode in kinds]
    whole.append(npy(PIXELS))
    corrupt = 0
    for data in whole:
        for _ in range(60):
            bytes_ = bytearray(data)
            for place in chance.integers(0, len(data), 4):
                bytes_[place] = chance.integers(256)
            try:
                decoded(bytes(bytes_[: chance.integers(1, len(data) + 1)]), 3)
            except CorruptImageError as error:
                assert str(error)
                corrupt += 1
    assert corrupt > 200


def test_decoders_that_warn_are_kept_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 24 * 16 - 1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        decoded(encoded(colour(0), "PNG"), 3)
    assert seen == []


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("exif", [b"MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40, b"MM, but no TIFF at all"])
def test_damaged_exif_does_not_cost_the_image(kind: str, exif: bytes) -> None:
    data = encoded(colour(0), kind, exif=(b"" if kind == "PNG" else b"Exif\0\0") + exif)
    assert decoded(data, 3).shape == (3, 16, 24)


def test_a_png_whose_pixels_are_damaged_is_corrupt_though_its_checksums_hold() -> None:
    at = PNG.index(b"IDAT")
    length = int.from_bytes(PNG[at - 4 : at], "big")
    chunk = bytearray(PNG[at : at + 4 + length])
    chunk[-2] ^= 0xFF
    data = PNG[:at] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + PNG[at + 8 + length :]
    assert reason(data, 3) == "a damaged PNG: broken data stream when reading image file"
