"""One image: from the bytes of its file to float32 in [-1, 1]. `litevae run` and calibration read by the same rule.

Pixels are decoded when a piece of the image is asked for, so that a large JPEG is read no finer than that piece needs.

- The first bytes of a file say which format it has, and its name does not.
- Three channels are RGB, one is grey (ITU-R 601 luma); palettes, CMYK and grey are converted. Embedded colour profiles
  are converted to sRGB (`profile`), then transparency is laid on white.
- Any other number of channels must be the file's own: RGBA, CMYK, a TIFF's bands or pages, or a .npy array
  [H, W, N] or [N, H, W].
- What samples mean is declared by `range`, `nodata` and `fill` (`pixels.py`); 8-bit and 16-bit integers fill [-1, 1]
  with their type's range without it, floats with [0, 1].
- EXIF orientation is applied. Of an animation the first frame is taken.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from ..common.errors import CorruptImageError
from .arrays import channels_first, read_npy, require_channels, too_large
from .colours import (
    converted,
    deep_samples,
    divided,
    in_srgb,
    luma,
    on_white,
    opened,
    opened_png,
    own_samples,
    samples_of,
    upright_image,
    upright_size,
)
from .formats import format_of
from .pixels import BY_TYPE, Declared, Planes, is_plain, opacity, to_signed
from .png import plain_png
from .tiff import Samples, stored_samples
from .tiff_blocks import with_wide_numbers

Box = tuple[int, int, int, int]
Size = tuple[int, int]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".npy")

# A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that leaves this many pixels for each one that is wanted.
DRAFT_MARGIN = 2


class DecodedImage(Protocol):
    """An opened image of `width` × `height` pixels, upright; `format` is that of its bytes, as Pillow names it, or NPY."""

    width: int
    height: int
    format: str

    def resized(self, box: Box, size: Size, *, draft: bool = False, mirror: bool = False) -> Tensor:
        """The piece `box` (left, top, right, bottom) at `size` (width, height): float32 [C, height, width] in [-1, 1].

        Bicubic, antialiased, as Pillow computes it. `mirror` swaps left and right. `draft` lets a JPEG be decoded at a
        fraction of its size, which changes the result a little (PSNR 53 dB on a photograph) and always in the same way.
        CorruptImageError where the pixels cannot be decoded.
        """
        ...


def open_image(data: bytes, channels: int, rule: Declared = BY_TYPE) -> DecodedImage:
    """The image in a file's bytes, for a model of so many channels, by what is declared of
    samples; CorruptImageError tells why it is none.
    """
    if not data:
        raise CorruptImageError("the file is empty")
    format_ = format_of(data)
    with _reasons(format_):
        if format_ == "NPY":
            return ArrayImage(to_signed(channels_first(read_npy(data), channels), rule), format_)
        if format_ == "TIFF":
            data = with_wide_numbers(data)
            found = stored_samples(data, channels)
            if isinstance(found, Samples):
                return ArrayImage(_shown(found, channels, rule), format_)
            image = opened(data, format_, found)
        elif format_ == "PNG":
            png = plain_png(data)
            if png.bits == 16:
                colours, alpha = deep_samples(png)
                if channels in (1, 3):
                    samples = Samples(colours, alpha, False, png.profile)
                    return ArrayImage(_shown(samples, channels, rule), format_)
                own = colours if alpha is None else np.concatenate([colours, alpha[None]])
                return ArrayImage(to_signed(require_channels(own, channels, "a PNG"), rule), format_)
            image = opened_png(png)
        else:
            image = opened(data, format_)
        if channels not in (1, 3):
            return ArrayImage(to_signed(own_samples(image, channels), rule), format_)
        profile = image.info.get("icc_profile") if rule.profile == "srgb" else None
        if is_plain(rule):
            return PillowImage(image, channels, profile, format_)
        return ArrayImage(_shown(samples_of(image, profile), channels, rule), format_)


@contextmanager
def _reasons(format_: str) -> Iterator[None]:
    """Turns whatever a decoder raises on a damaged file into CorruptImageError, and keeps its warnings quiet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CorruptImageError:
        raise
    except Image.DecompressionBombError:
        raise too_large() from None
    # Pillow names an object in memory where a header is damaged.
    except UnidentifiedImageError:
        raise CorruptImageError(f"a damaged {format_}: its header") from None
    # Decoders raise nearly anything: OSError, SyntaxError, struct.error, zlib.error, IndexError.
    except Exception as error:
        raise CorruptImageError(f"a damaged {format_}: {str(error) or type(error).__name__}") from error


def _shown(samples: Samples, channels: int, rule: Declared) -> Planes:
    """Samples as an image of so many channels: profile, alpha, and grey or RGB where the model has the other."""
    signed = to_signed(samples.planes, rule)
    if samples.white_is_zero:
        signed = -signed
    alpha = None if samples.alpha is None else opacity(samples.alpha, rule)
    premultiplied = samples.premultiplied
    if samples.profile is not None and rule.profile == "srgb":
        if alpha is not None and premultiplied:
            signed, premultiplied = divided(signed, alpha), False
        signed = in_srgb(signed, samples.profile)
    if alpha is not None:
        # Premultiplied colours lack the background's share alone.
        signed = signed + 2 * (1 - alpha) if premultiplied else on_white(signed, alpha)
    # A profile makes three of grey's one.
    if len(signed) == 3 and channels == 1:
        grey = luma(signed)
        # Of 8 bits it stays in whole steps, as in Pillow.
        in_steps = samples.planes.dtype == np.uint8 and is_plain(rule)
        return np.rint((grey + 1) * np.float32(127.5)) / np.float32(127.5) - 1 if in_steps else grey
    return np.repeat(signed, channels, axis=0) if len(signed) == 1 else signed


class PillowImage:
    """An image of 8 bits a channel that Pillow decodes to grey or RGB."""

    def __init__(self, image: Image.Image, channels: int, profile: bytes | None, format_: str) -> None:
        self.format = format_
        self._image = image
        self._mode = "L" if channels == 1 else "RGB"
        self._profile = profile
        self.width, self.height = upright_size(image)
        self._scale = 1
        self._upright = False

    def resized(self, box: Box, size: Size, *, draft: bool = False, mirror: bool = False) -> Tensor:
        """See Image."""
        with _reasons(self.format):
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
            self._image = converted(upright_image(self._image), self._mode, self._profile)
            self._upright = True
        return self._image


class ArrayImage:
    """An image held as an array [C, H, W] in [-1, 1] of any number of channels and bits."""

    def __init__(self, signed: Planes, format_: str) -> None:
        self.format = format_
        self._planes = signed
        _, self.height, self.width = signed.shape

    def resized(self, box: Box, size: Size, *, draft: bool = False, mirror: bool = False) -> Tensor:
        """See Image; `draft` does nothing."""
        with _reasons(self.format):
            planes = [Image.fromarray(plane) for plane in self._planes]
            resized = [np.array(plane.resize(size, Image.Resampling.BICUBIC, box=box)) for plane in planes]
        # Bicubic weights overshoot at edges; 8-bit images are clamped by Pillow in the same way.
        image = torch.from_numpy(np.stack(resized)).clamp_(-1, 1)
        return image.flip(-1) if mirror else image
