"""One image: from the bytes of its file to float32 in [-1, 1].

Pixels are decoded when a piece of the image is asked for, so that a large JPEG is read no finer than that piece needs.

- Three channels are RGB, one is grey (ITU-R 601 luma); palettes, CMYK and grey are converted, transparency is laid on white.
- Any other number of channels must be the file's own: RGBA, CMYK, a TIFF of as many grey pages, or a .npy array
  [H, W, N] or [N, H, W].
- 8-bit and 16-bit integers fill [-1, 1] with their type's range. Floats must lie in [0, 1], as in scikit-image; that
  range is mapped to [-1, 1].
- EXIF orientation is applied, embedded colour profiles are not. Of an animation the first frame is taken.
"""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import torch
from PIL import ExifTags, Image, ImageOps, ImageSequence, UnidentifiedImageError
from torch import Tensor

from ..common.errors import CorruptImageError
from ..common.text import counted

Box = tuple[int, int, int, int]
Size = tuple[int, int]
Array = npt.NDArray[np.generic]

# Pillow knows more formats; some of them start other programs. Above 179 million pixels it takes a file for an attack.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".npy")

# A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that leaves this many pixels for each one that is wanted.
DRAFT_MARGIN = 2


class DecodedImage(Protocol):
    """An opened image of `width` × `height` pixels, upright."""

    width: int
    height: int

    def resized(self, box: Box, size: Size, *, draft: bool = False, mirror: bool = False) -> Tensor:
        """The piece `box` (left, top, right, bottom) at `size` (width, height): float32 [C, height, width] in [-1, 1].

        Bicubic, antialiased, as Pillow computes it. `mirror` swaps left and right. `draft` lets a JPEG be decoded at a
        fraction of its size, which changes the result a little (PSNR 53 dB on a photograph) and always in the same way.
        CorruptImageError where the pixels cannot be decoded.
        """
        ...


def open_image(data: bytes, name: str, channels: int) -> DecodedImage:
    """The image in a file's bytes, for a model of so many channels; CorruptImageError tells why it is none."""
    with _reasons():
        if not data:
            raise CorruptImageError("the file is empty")
        if name.lower().endswith(".npy"):
            return ArrayImage(channels_first(read_npy(data), channels))
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.format == "PNG":
            # Pillow decodes a PNG to look for its EXIF data: what fails here must not pass for damaged EXIF data.
            image.load()
        array = _bands(image, channels)
        return PillowImage(image, channels) if array is None else ArrayImage(array)


@contextmanager
def _reasons() -> Iterator[None]:
    """Turns whatever a decoder raises on a damaged file into CorruptImageError, and keeps its warnings quiet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CorruptImageError:
        raise
    except UnidentifiedImageError:
        raise CorruptImageError(f"none of the formats {', '.join(FORMATS)}") from None
    # Decoders raise nearly anything: OSError, SyntaxError, struct.error, zlib.error, IndexError.
    except Exception as error:
        raise CorruptImageError(str(error) or type(error).__name__) from error


class PillowImage:
    """An image of 8 bits a channel that Pillow decodes to grey or RGB."""

    _TURNED: ClassVar = (5, 6, 7, 8)

    def __init__(self, image: Image.Image, channels: int) -> None:
        self._image = image
        self._mode = "L" if channels == 1 else "RGB"
        turned = _orientation(image) in self._TURNED
        self.width, self.height = (image.height, image.width) if turned else image.size
        self._scale = 1
        self._upright = False

    def resized(self, box: Box, size: Size, *, draft: bool = False, mirror: bool = False) -> Tensor:
        """See Image."""
        with _reasons():
            if draft and not self._upright:
                self._reduce(min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]) / DRAFT_MARGIN)
            image = self._decoded()
            left, top, right, bottom = (edge / self._scale for edge in box)
            inside = (left, top, min(right, image.width), min(bottom, image.height))
            pixels = np.array(image.resize(size, Image.Resampling.BICUBIC, box=inside))
        turned = pixels.reshape(size[1], size[0], -1)[:, :: -1 if mirror else 1]
        # numpy makes planes of bytes four times as fast as torch makes planes of floats.
        planes = torch.from_numpy(np.ascontiguousarray(turned.transpose(2, 0, 1)))
        return planes.to(torch.float32).div_(127.5).sub_(1)

    def _reduce(self, factor: float) -> None:
        """Asks a JPEG's decoder for the largest of 1/2, 1/4 and 1/8 that is not under 1/factor; other formats ignore it."""
        if factor >= 2:
            scale = min(8, 2 ** int(math.log2(factor)))
            width, height = self._image.size
            drafted = self._image.draft(None, (width // scale, height // scale))
            if drafted:
                self._scale = round(width / drafted[1][2])

    def _decoded(self) -> Image.Image:
        if not self._upright:
            image = self._image
            if _orientation(image) != 1:
                ImageOps.exif_transpose(image, in_place=True)
            self._image = _converted(image, self._mode)
            self._upright = True
        return self._image


class ArrayImage:
    """An image held as an array [C, H, W] of any number of channels and bits."""

    def __init__(self, planes: Array) -> None:
        self._planes = planes
        _, self.height, self.width = planes.shape

    def resized(self, box: Box, size: Size, *, draft: bool = False, mirror: bool = False) -> Tensor:
        """See Image; `draft` does nothing."""
        with _reasons():
            planes = [Image.fromarray(plane) for plane in to_signed(self._planes)]
            resized = [np.array(plane.resize(size, Image.Resampling.BICUBIC, box=box)) for plane in planes]
        # Bicubic weights overshoot at edges; 8-bit images are clamped by Pillow in the same way.
        image = torch.from_numpy(np.stack(resized)).clamp_(-1, 1)
        return image.flip(-1) if mirror else image


def read_npy(data: bytes) -> Array:
    """The array in a .npy file's bytes; nothing is unpickled, and a size that the bytes do not bear out is refused."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject:
        raise CorruptImageError("an array of Python objects")
    expected, found = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if expected != found:
        raise CorruptImageError(f"{found:,} bytes of pixels where {list(shape)} of {dtype} has {expected:,}")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if fortran else "C")


def channels_first(array: Array, channels: int) -> Array:
    """[C, H, W] of an array [H, W, C], [C, H, W], or [H, W] where there is one channel.

    Where both ends have the right length the channels stand last.
    """
    shape = array.shape
    if len(shape) == 2 and channels == 1:
        array = array[None]
    elif len(shape) == 3 and shape[-1] == channels:
        array = np.moveaxis(array, -1, 0)
    elif len(shape) != 3 or shape[0] != channels:
        raise CorruptImageError(f"an array {list(shape)}, not [H, W, {channels}] or [{channels}, H, W]")
    if not array.size:
        raise CorruptImageError(f"an array {list(shape)} without pixels")
    return array


def to_signed(array: Array) -> npt.NDArray[np.float32]:
    """float32 in [-1, 1]: 8-bit and 16-bit integers by their type's range, booleans as 0 and 1, floats from [0, 1]."""
    kind, bits = array.dtype.kind, 8 * array.dtype.itemsize
    if kind == "f":
        low, high = float(array.min()), float(array.max())
        # Written so that NaN is refused too; rounding may step a little outside.
        if not (low >= -1e-4 and high <= 1 + 1e-4):
            raise CorruptImageError(
                f"floats from {low:.4g} to {high:.4g}, not in [0, 1]; pixels in [-1, 1] are stored as (x + 1) / 2"
            )
        return array.astype(np.float32) * 2 - 1
    if kind == "b":
        return array.astype(np.float32) * 2 - 1
    if kind not in "iu" or bits > 16:
        raise CorruptImageError(
            f"pixels of type {array.dtype}, whose range is unknown; store uint8, uint16 or floats in [0, 1]"
        )
    limits = np.iinfo(np.dtype(f"{kind}{bits // 8}"))
    return (array.astype(np.float32) - limits.min) / ((limits.max - limits.min) / 2) - 1


def _bands(image: Image.Image, channels: int) -> Array | None:
    """The image as an array [C, H, W] where Pillow's grey or RGB of 8 bits would not do, else None."""
    samples = getattr(image, "tag_v2", {}).get(_SAMPLES_PER_PIXEL, 1)
    bands = len(image.getbands())
    if samples > bands:
        raise CorruptImageError(
            f"a TIFF of {samples} channels, of which Pillow reads {bands}; store it as .npy"
        )
    if image.mode == "I":
        raise CorruptImageError(
            "32-bit integer pixels, whose range is unknown; store 16-bit integers or floats in [0, 1]"
        )
    if channels in (1, 3):
        if image.mode != "F" and not image.mode.startswith("I;16"):
            return None
        return np.repeat(_upright_array(image), channels, axis=0)
    if bands == 1 and getattr(image, "n_frames", 1) == channels:
        return np.concatenate([_upright_array(page) for page in ImageSequence.Iterator(image)])
    if image.mode == "P" and image.has_transparency_data:
        image = image.convert("RGBA")
    if len(image.getbands()) != channels:
        raise CorruptImageError(f"{counted(bands, 'channel')} ({image.mode}), not {channels}")
    return _upright_array(image)


_SAMPLES_PER_PIXEL = 277


def _upright_array(image: Image.Image) -> Array:
    upright = ImageOps.exif_transpose(image) if _orientation(image) != 1 else image
    pixels = np.asarray(upright)
    return np.moveaxis(pixels.reshape(*pixels.shape[:2], -1), -1, 0)


def _converted(image: Image.Image, mode: str) -> Image.Image:
    """Grey or RGB, with transparency on white: what lies under transparent pixels was never meant to be seen."""
    if image.has_transparency_data:
        rgba = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white.convert(mode)
    image.load()
    return image if image.mode == mode else image.convert(mode)


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where the EXIF data are damaged, since the pixels may still be whole."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except (SyntaxError, ValueError, OSError, struct.error):
        return 1
    return orientation if orientation in range(1, 9) else 1
