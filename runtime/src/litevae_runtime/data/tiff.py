"""TIFFs whose samples are no photograph of 8 bits: floats, integers of other sizes, bands, and pages that are channels.

Their samples come as they are stored. What is a photograph of 8 bits is Pillow's (`colours.py`).
"""

import io
import logging
from dataclasses import dataclass

import numpy as np
import tifffile
from PIL import Image

from ..common.errors import CorruptImageError
from ..common.text import counted
from .arrays import wrong_channels
from .pixels import Array
from .tiff_blocks import COLOURS, LOSSLESS, decoded, numbers, require_chain, require_readable

# It logs what is odd about a file; what makes one unusable is raised.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

_BITS, _FORMAT, _FILL_ORDER, _ORIENTATION = 258, 339, 266, 274
_SUBFILE, _SUBSAMPLING, _PROFILE = 254, 530, 34675

# PhotometricInterpretation (TIFF 6.0).
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INKS, _YCC = 0, 1, 2, 5, 6
_GREY = (_WHITE_IS_ZERO, _BLACK_IS_ZERO)

# NewSubfileType: a reduced copy of another page, or its mask.
_REDUCED_OR_MASK = 1 | 4

# ExtraSamples: associated (premultiplied) and unassociated alpha.
_PREMULTIPLIED, _ALPHAS = 1, (1, 2)


@dataclass(frozen=True)
class Samples:
    """Samples [C, H, W] as stored, upright. `alpha` [H, W] is a sample as well, `premultiplied` or not."""

    planes: Array
    alpha: Array | None
    premultiplied: bool
    profile: bytes | None
    # Whether the least value of `planes` is white.
    white_is_zero: bool = False


def stored_samples(data: bytes, channels: int) -> Samples | int:
    """A TIFF's samples for a model of so many channels; the number of its page where it is a photograph of 8 bits.

    CorruptImageError where bands and pages are not that many.
    """
    require_chain(data)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages = [page for page in _all_pages(file) if not numbers(page, _SUBFILE, (0,))[0] & _REDUCED_OR_MASK]
        if not pages:
            raise CorruptImageError("a TIFF without a page of its own")
        for page in pages:
            require_readable(page, len(data))
        first = pages[0]
        if _is_stored_ycc(first):
            _require_whole_ycc(first)
        if len(pages) == 1 and _is_photograph(first):
            return first.index
        alpha = _has_alpha(first)
        colours = first.samplesperpixel - alpha
        if len(pages) > 1:
            alpha, colours = False, sum(page.samplesperpixel for page in pages)
        is_rgb = len(pages) == 1 and (first.photometric == _RGB or _is_stored_ycc(first)) and colours == 3
        is_grey = len(pages) == 1 and first.photometric in _GREY and colours == 1
        shown = (is_rgb or is_grey) and channels in (1, 3)
        if not shown and len(pages) == 1:
            alpha, colours = False, first.samplesperpixel
        if not shown and colours != channels:
            what = counted(colours, "channel")
            pages_ = f" in {len(pages)} pages" if len(pages) > 1 else ""
            raise wrong_channels(f"a TIFF of {what}{pages_}, not {channels}", channels)
        if any(_layout(page) != _layout(first) for page in pages):
            raise CorruptImageError(
                "a TIFF whose pages differ in size or type, or in what is up or white", "store them alike"
            )
        planes = np.concatenate([_planes(page, shown) for page in pages])
        profile = first.tags.get(_PROFILE)
        return Samples(
            planes[:colours],
            planes[colours] if alpha else None,
            _is_premultiplied(first),
            None if profile is None or not shown else bytes(profile.value),
            first.photometric == _WHITE_IS_ZERO,
        )


def _all_pages(file: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """With pages of which tifffile has read the place alone, and without those that it makes up."""
    return [page if isinstance(page, tifffile.TiffPage) else page.aspage() for page in file.pages]


def _is_stored_ycc(page: tifffile.TiffPage) -> bool:
    """YCbCr of 8 bits as it is stored."""
    return page.photometric == _YCC and page.bitspersample == 8 and int(page.compression) in LOSSLESS


def _is_photograph(page: tifffile.TiffPage) -> bool:
    if int(page.compression) in LOSSLESS and (_is_stored_ycc(page) or _is_strange(page)):
        return False
    colours = COLOURS.get(int(page.photometric))
    bits = page.bitspersample
    eight = bits == 8 or (bits in (1, 2, 4) and colours == 1)
    unsigned = int(page.sampleformat) == 1 and eight
    return unsigned and colours is not None and page.samplesperpixel == colours + _has_alpha(page)


def _is_strange(page: tifffile.TiffPage) -> bool:
    """To Pillow: big-endian BigTIFF, premultiplied colours, inks with alpha, grey whose alpha lies apart or whose white is 0."""
    tiff = page.parent
    grey = page.photometric in _GREY and page.bitspersample == 8
    apart = grey and (page.photometric == _WHITE_IS_ZERO or page.planarconfig == 2)
    return (tiff.is_bigtiff and tiff.byteorder == ">" and (grey or page.photometric == _RGB)) or (
        _has_alpha(page) and (apart or page.photometric == _INKS or _is_premultiplied(page))
    )


def _is_premultiplied(page: tifffile.TiffPage) -> bool:
    return _extra(page)[:1] == [_PREMULTIPLIED]


def _extra(page: tifffile.TiffPage) -> list[int]:
    return [int(sample) for sample in page.extrasamples]


def _has_alpha(page: tifffile.TiffPage) -> bool:
    """Whether one sample more than the colour's is there and said to be alpha."""
    colours = COLOURS.get(int(page.photometric), page.samplesperpixel)
    return page.samplesperpixel == colours + 1 and len(_extra(page)) == 1 and _extra(page)[0] in _ALPHAS


def _layout(page: tifffile.TiffPage) -> tuple[object, ...]:
    """What channels in pages of their own have in common."""
    return (*_shape(page), _dtype(page), _orientation(page), page.photometric == _WHITE_IS_ZERO)


def _shape(page: tifffile.TiffPage) -> tuple[int, int]:
    return page.imagelength, page.imagewidth


def _planes(page: tifffile.TiffPage, shown: bool) -> Array:
    """A page [C, H, W], upright. Inks are given where they are not to be shown in colour."""
    known = (*_GREY, _RGB) if shown else (*_GREY, _RGB, _INKS)
    if page.photometric not in known and not _is_stored_ycc(page):
        [bits, *_] = numbers(page, _BITS, (1,))
        raise CorruptImageError(
            f"a TIFF of photometric interpretation {int(page.photometric)} in {bits} bits", "store it as RGB"
        )
    array = decoded(page, _dtype(page))
    if page.photometric == _YCC:
        image = Image.fromarray(np.ascontiguousarray(np.moveaxis(array[:3], 0, -1)), "YCbCr")
        array = np.concatenate([np.moveaxis(np.asarray(image.convert("RGB")), -1, 0), array[3:]])
    return upright(array, _orientation(page))


# SampleFormat (TIFF 6.0 §19), of which void is read as whole numbers.
_FORMATS = {1: "u", 2: "i", 3: "f", 4: "u"}


def _dtype(page: tifffile.TiffPage) -> np.dtype:
    """Of samples that lie in whole bytes, in the order of this machine."""
    bits, format_ = numbers(page, _BITS, (1,))[0], numbers(page, _FORMAT, (1,))[0]
    kind = _FORMATS.get(format_)
    if kind is None or bits not in (8, 16, 32, 64) or (kind, bits) == ("f", 8):
        raise CorruptImageError(
            f"a TIFF with samples of {bits} bits in format {format_}", "store integers or floats"
        )
    if numbers(page, _FILL_ORDER, (1,))[0] != 1:
        raise CorruptImageError("a TIFF whose bits lie the other way around (FillOrder 2)", "save it anew")
    return np.dtype(f"{kind}{bits // 8}")


def _require_whole_ycc(page: tifffile.TiffPage) -> None:
    if numbers(page, _SUBSAMPLING) != (1, 1):
        raise CorruptImageError("a TIFF of YCbCr that is subsampled", "store it as RGB")


def _orientation(page: tifffile.TiffPage) -> int:
    return numbers(page, _ORIENTATION, (1,))[0]


def upright(planes: Array, orientation: int) -> Array:
    """[C, H, W] turned as EXIF and TIFF say by a number from 1 to 8; any other is none."""
    if orientation in (5, 6, 7, 8):
        planes = planes.swapaxes(-1, -2)
    if orientation in (3, 4, 7, 8):
        planes = planes[:, ::-1]
    if orientation in (2, 3, 6, 7):
        planes = planes[:, :, ::-1]
    return planes
