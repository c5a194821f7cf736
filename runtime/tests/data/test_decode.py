"""Every format and channel count decodes to the same range."""

import io
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from data.decoding import RGB, decoded, npy, reason
from PIL import Image
from sets import PHOTOS, colour, encoded
from tables import table

from litevae_runtime.data.decode import open_image


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 100, "subsampling": 0}, 0.06),
    ],
)
def test_formats_of_rgb(kind: str, options: dict[str, object], tolerance: float) -> None:
    image = decoded(encoded(colour(0), kind, **options), 3)
    assert image.dtype == torch.float32
    assert image.is_contiguous()
    torch.testing.assert_close(image, RGB, atol=tolerance, rtol=0)


def test_a_gif_gives_its_first_frame() -> None:
    first, second = Image.new("P", (8, 8), 0), Image.new("P", (8, 8), 1)
    for frame in (first, second):
        frame.putpalette([255, 0, 0, 0, 255, 0])
    image = decoded(encoded(first, "GIF", save_all=True, append_images=[second]), 3)
    assert image[:, 4, 4].tolist() == [1, -1, -1]


def test_palettes_and_grey_become_rgb() -> None:
    palette = colour(0).quantize(16)
    expected = torch.from_numpy(np.array(palette.convert("RGB"))).permute(2, 0, 1) / 127.5 - 1
    torch.testing.assert_close(decoded(encoded(palette, "PNG"), 3), expected)
    grey = decoded(encoded(colour(0).convert("L"), "PNG"), 3)
    assert torch.equal(grey[0], grey[1])
    assert torch.equal(grey[0], grey[2])
    assert grey.shape == (3, 16, 24)


def test_cmyk_becomes_rgb() -> None:
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for kind in ("TIFF", "JPEG"):
        assert decoded(encoded(red, kind), 3)[:, 4, 4] == pytest.approx([1, -1, -1], abs=0.03)


@pytest.mark.parametrize("row", table("luma"))
def test_rgb_becomes_grey_by_luma(row: dict[str, Any]) -> None:
    image = decoded(encoded(Image.new("RGB", (8, 8), tuple(row["rgb"])), "PNG"), 1)
    assert image.shape == (1, 8, 8)
    assert image[0, 0, 0].item() == torch.tensor(row["grey"]).div(127.5).sub(1).item()


@pytest.mark.parametrize("channels", [1, 3])
def test_transparency_is_laid_on_white(channels: int) -> None:
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 255))
    half.paste((0, 0, 0, 0), (0, 0, 4, 8))
    for transparent in (half, half.convert("LA")):
        image = decoded(encoded(transparent, "PNG"), channels)
        assert image[:, 0, 0].tolist() == [1] * channels
        assert image[:, 0, 7].tolist() == [-1] * channels


def test_a_transparent_palette_colour_is_laid_on_white() -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, 4, 8))
    image = decoded(encoded(palette, "PNG", transparency=0), 3)
    assert image[:, 0, 0].tolist() == [1, -1, -1]
    assert image[:, 0, 7].tolist() == [1, 1, 1]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_range_and_its_bits(kind: str) -> None:
    values = np.array([[0, 1, 32768, 65535]] * 4, np.uint16)
    for channels in (1, 3):
        image = decoded(encoded(Image.fromarray(values), kind), channels)
        assert image.shape == (channels, 4, 4)
        assert image[0, 0].tolist() == pytest.approx([-1, 1 / 32767.5 - 1, 32768 / 32767.5 - 1, 1], abs=1e-7)


def test_a_float_tiff_holds_zero_to_one() -> None:
    values = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    image = decoded(encoded(Image.fromarray(values), "TIFF"), 1)
    torch.testing.assert_close(image[0], torch.from_numpy(values) * 2 - 1)
    assert reason(encoded(Image.fromarray(values * 255), "TIFF"), 1) == (
        "values from 0 to 255, outside of [0, 1]"
    )


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [("uint8", 0, 255), ("int8", -128, 127), (">u2", 0, 65535), ("int16", -32768, 32767), ("bool", 0, 1)]
    + [(kind, 0, 1) for kind in ("float16", "float32", ">f4", "float64")],
)
def test_arrays_fill_the_range_of_their_type(dtype: str, low: int, high: int) -> None:
    array = np.full((6, 4, 5), low, dtype)
    array[..., 2] = high
    image = decoded(npy(array), 5)
    assert image.dtype == torch.float32
    assert image[:, 3, 2].tolist() == [-1, -1, 1, -1, -1]


def test_arrays_may_have_their_channels_first_or_last_and_any_order() -> None:
    array = np.random.default_rng(0).integers(0, 256, (6, 9, 4), np.uint8)
    expected = torch.from_numpy(array).permute(2, 0, 1) / 127.5 - 1
    for stored in (array, np.moveaxis(array, -1, 0), np.asfortranarray(array)):
        torch.testing.assert_close(decoded(npy(stored), 4), expected)
    for stored in (array[..., 0], array[..., :1], array[None, ..., 0]):
        torch.testing.assert_close(decoded(npy(stored), 1), expected[:1])


def test_four_channels_come_from_rgba_and_cmyk_as_they_are() -> None:
    bands = np.random.default_rng(0).integers(0, 256, (6, 9, 4), np.uint8)
    expected = torch.from_numpy(bands).permute(2, 0, 1) / 127.5 - 1
    for mode, kind in (("RGBA", "PNG"), ("RGBA", "TIFF"), ("CMYK", "TIFF")):
        image = Image.frombytes(mode, (9, 6), bands.tobytes())
        torch.testing.assert_close(decoded(encoded(image, kind), 4), expected)


def test_the_pages_of_a_tiff_are_channels() -> None:
    pages = [Image.fromarray(np.full((4, 6), 1000 * number, np.uint16)) for number in range(5)]
    image = decoded(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), 5)
    assert image.shape == (5, 4, 6)
    assert image[:, 0, 0].tolist() == pytest.approx(
        [1000 * number / 32767.5 - 1 for number in range(5)], abs=1e-6
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int, channels: int) -> None:
    upright = Image.new("RGB", (24, 16), "black")
    upright.paste((255, 255, 255), (0, 0, 12, 8))
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)
    stored = upright if turn is None else upright.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[274] = orientation
    image = decoded(encoded(stored, "JPEG", quality=95, exif=exif), channels)
    assert image.shape == (channels, 16, 24)
    assert image[0, :6, :10].mean() > 0.9
    assert image[0, 10:, :].mean() < -0.9
    assert image[0, :, 14:].mean() < -0.9


def test_a_box_of_a_turned_and_reduced_jpeg_is_the_same_piece() -> None:
    photo = Image.open(PHOTOS / "rocket.jpg").resize((1280, 850))
    # Pillow would write it into the PNG and not into the JPEG.
    photo.info.pop("icc_profile")
    exif = Image.Exif()
    exif[274] = 6
    turned = encoded(photo.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=98, subsampling=0, exif=exif)
    box = (401, 203, 1003, 805)
    expected = open_image(encoded(photo, "PNG"), 3).resized(box, (64, 64))
    image = open_image(turned, 3)
    assert (image.width, image.height) == (1280, 850)
    difference = image.resized(box, (64, 64), draft=True) - expected
    assert difference.square().mean().sqrt() < 0.02


def test_a_draft_is_decoded_smaller_and_nearly_the_same() -> None:
    data = encoded(Image.open(PHOTOS / "hubble_deep_field.jpg"), "JPEG", quality=95)
    box = (100, 50, 900, 850)
    exact = open_image(data, 3).resized(box, (64, 64))
    draft = open_image(data, 3).resized(box, (64, 64), draft=True)
    assert not torch.equal(exact, draft)
    assert (exact - draft).square().mean().sqrt() < 0.02
    assert torch.equal(draft, open_image(data, 3).resized(box, (64, 64), draft=True))
    full = open_image(data, 3).resized(box, (300, 300))
    assert torch.equal(full, open_image(data, 3).resized(box, (300, 300), draft=True))


@pytest.mark.parametrize("channels", [3, 4])
def test_mirror_swaps_left_and_right(channels: int) -> None:
    array = np.random.default_rng(0).integers(0, 256, (16, 24, 4), np.uint8)
    image = open_image(encoded(colour(0), "PNG") if channels == 3 else npy(array), channels)
    box = (2, 3, 20, 13)
    assert torch.equal(image.resized(box, (8, 8), mirror=True), image.resized(box, (8, 8)).flip(-1))


def test_resizing_is_antialiased() -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    for data in (encoded(Image.fromarray(stripes), "PNG"), npy(stripes)):
        image = open_image(data, 1).resized((0, 0, 64, 64), (8, 8))
        assert image.abs().max() < 0.1


def tiff(array: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)  # type: ignore[arg-type]
    return file.getvalue()


def test_the_bands_of_a_tiff_are_channels() -> None:
    bands = np.random.default_rng(0).integers(0, 256, (6, 9, 5), np.uint8)
    data = tiff(bands, photometric="rgb", extrasamples=["unspecified"] * 2)
    expected = torch.from_numpy(bands).permute(2, 0, 1) / 127.5 - 1
    torch.testing.assert_close(decoded(data, 5), expected)
    for channels in (1, 3):
        assert reason(data, channels) == f"a TIFF of 5 channels, not {channels}"


def test_premultiplied_grey_is_laid_on_white() -> None:
    bands = np.full((8, 8, 2), 0, np.uint8)
    bands[:, 4:, 1] = 255
    image = decoded(tiff(bands, photometric="minisblack", extrasamples=["assocalpha"]), 1)
    assert image[0, 0].tolist() == [1] * 4 + [-1] * 4


def test_a_transparent_palette_has_four_channels() -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, 4, 8))
    image = decoded(encoded(palette, "PNG", transparency=0), 4)
    assert image[:, 0, 0].tolist() == [1, -1, -1, 1]
    assert image[:, 0, 7].tolist() == [-1, -1, -1, -1]


def test_enlarged_arrays_stay_in_range() -> None:
    step = np.zeros((8, 8, 5), np.float32)
    step[:, 4:] = 1
    image = open_image(npy(step), 5).resized((0, 0, 8, 8), (32, 32))
    assert image.min() == -1
    assert image.max() == 1
