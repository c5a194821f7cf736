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
from .arrays import too_large, wrong_channels
from .pixels import Array

# It logs what is odd about a file; what makes one unusable is raised.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

_ORIENTATION, _SUBSAMPLING, _PROFILE = 274, 530, 34675

# Compressions whose decoders make RGB of YCbCr.
_JPEGS = (6, 7)

# None and Deflate: where YCbCr is compressed otherwise Pillow reads it, which knows fewer layouts.
_BY_TIFFFILE = (1, 8, 32946)

# PhotometricInterpretation (TIFF 6.0) with how many samples make its colour.
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INKS, _YCC = 0, 1, 2, 5, 6
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, 3: 1, _INKS: 4, _YCC: 3}
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
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages = [page for page in _all_pages(file) if not page.subfiletype & _REDUCED_OR_MASK]
        if not pages:
            raise CorruptImageError("a TIFF without a page of its own")
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
            _extra(first)[:1] == [_PREMULTIPLIED],
            None if profile is None or not shown else bytes(profile.value),
            first.photometric == _WHITE_IS_ZERO,
        )


def _all_pages(file: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """With pages of which tifffile has read the place alone, and without those that it makes up."""
    return [page if isinstance(page, tifffile.TiffPage) else page.aspage() for page in file.pages]


def _is_stored_ycc(page: tifffile.TiffPage) -> bool:
    """YCbCr of 8 bits as it is stored."""
    return page.photometric == _YCC and page.bitspersample == 8 and int(page.compression) not in _JPEGS


def _is_photograph(page: tifffile.TiffPage) -> bool:
    if _is_stored_ycc(page) and int(page.compression) in _BY_TIFFFILE:
        return False
    colours = _COLOURS.get(int(page.photometric))
    bits = page.bitspersample
    eight = bits == 8 or (bits in (1, 2, 4) and colours == 1)
    unsigned = int(page.sampleformat) == 1 and eight
    known = unsigned and colours is not None and page.samplesperpixel == colours + _has_alpha(page)
    return known and not (_is_strange(page) and int(page.compression) in _BY_TIFFFILE)


def _is_strange(page: tifffile.TiffPage) -> bool:
    """To Pillow: big-endian BigTIFF, inks with alpha, and grey beside its alpha in planes of their own or white at zero."""
    tiff = page.parent
    apart = page.photometric == _WHITE_IS_ZERO or page.planarconfig == 2
    grey = page.photometric in _GREY and page.bitspersample == 8
    return (
        (tiff.is_bigtiff and tiff.byteorder == ">" and (grey or page.photometric == _RGB))
        or (page.photometric == _INKS and _has_alpha(page))
        or (grey and _has_alpha(page) and apart)
    )


def _extra(page: tifffile.TiffPage) -> list[int]:
    return [int(sample) for sample in page.extrasamples]


def _has_alpha(page: tifffile.TiffPage) -> bool:
    """Whether one sample more than the colour's is there and said to be alpha."""
    colours = _COLOURS.get(int(page.photometric), page.samplesperpixel)
    return page.samplesperpixel == colours + 1 and len(_extra(page)) == 1 and _extra(page)[0] in _ALPHAS


def _name(tag: object) -> str:
    return getattr(tag, "name", str(tag))


def _layout(page: tifffile.TiffPage) -> tuple[object, ...]:
    """What channels in pages of their own have in common."""
    return (*_shape(page), page.dtype, _orientation(page), page.photometric == _WHITE_IS_ZERO)


def _shape(page: tifffile.TiffPage) -> tuple[int, int]:
    return page.imagelength, page.imagewidth


def _planes(page: tifffile.TiffPage, shown: bool) -> Array:
    """A page [C, H, W], upright. Inks are given where they are not to be shown in colour."""
    if page.imagedepth > 1:
        raise CorruptImageError("a TIFF whose pages are volumes", "store its slices as pages")
    known = (*_GREY, _RGB) if shown else (*_GREY, _RGB, _INKS)
    if page.photometric not in known and not _is_stored_ycc(page):
        raise CorruptImageError(
            f"a TIFF of {_name(page.photometric)} in {page.bitspersample} bits", "store it as RGB"
        )
    if page.dtype is None or page.dtype.kind not in "iuf":
        raise CorruptImageError(f"a TIFF with samples of type {page.dtype}", "store integers or floats")
    if page.bitspersample != 8 * page.dtype.itemsize:
        raise CorruptImageError(
            f"a TIFF with samples of {page.bitspersample} bits", "store them in 8, 16, 32 or 64 bits"
        )
    if page.imagewidth * page.imagelength > 2 * (Image.MAX_IMAGE_PIXELS or np.inf):
        raise too_large()
    height, width = _shape(page)
    if page.planarconfig == 2:
        array = _decoded(page).reshape(page.samplesperpixel, height, width)
    else:
        array = np.moveaxis(_decoded(page).reshape(height, width, page.samplesperpixel), -1, 0)
    if page.photometric == _YCC:
        image = Image.fromarray(np.ascontiguousarray(np.moveaxis(array[:3], 0, -1)), "YCbCr")
        array = np.concatenate([np.moveaxis(np.asarray(image.convert("RGB")), -1, 0), array[3:]])
    return upright(array, _orientation(page))


def _require_whole_ycc(page: tifffile.TiffPage) -> None:
    tag = page.tags.get(_SUBSAMPLING)
    if tag is None or tuple(tag.value) != (1, 1):
        raise CorruptImageError("a TIFF of YCbCr that is subsampled", "store it as RGB")


def _orientation(page: tifffile.TiffPage) -> int:
    tag = page.tags.get(_ORIENTATION)
    return 1 if tag is None else int(tag.value)


def _decoded(page: tifffile.TiffPage) -> Array:
    """A page's samples as they lie in the file."""
    try:
        return np.asarray(page.asarray())
    except (KeyError, ImportError, ValueError) as error:
        # tifffile's own words: "<COMPRESSION.LZW: 5> requires the 'imagecodecs' package".
        if "imagecodecs" not in str(error) and "compression" not in str(error):
            raise
        if page.samplesperpixel == 1 and page.dtype in _PILLOW:
            return _by_pillow(page)
        how = f"{_name(page.compression)} and predictor {_name(page.predictor)}"
        raise CorruptImageError(
            f"a TIFF of {page.dtype} in {counted(page.samplesperpixel, 'channel')}, compressed with {how}",
            "pip install imagecodecs, or store it with Deflate and without a predictor",
        ) from error


# What Pillow reads of one channel without loss.
_PILLOW = ("uint16", "int16", "int32", "float32")


def _by_pillow(page: tifffile.TiffPage) -> Array:
    """By libtiff, which knows compressions that tifffile needs a package for."""
    handle = page.parent.filehandle
    handle.seek(0)
    image = Image.open(io.BytesIO(handle.read()), formats=("TIFF",))
    image.seek(page.index)
    # libtiff gives numbers in the machine's order, which Pillow knows of 16 bits alone.
    image.tile = [
        tile._replace(args=(tile.args[0].replace(";32B", ";32N"), *tile.args[1:]))
        if tile.codec_name == "libtiff" and isinstance(tile.args, tuple)
        else tile
        for tile in image.tile
    ]
    planes = np.asarray(image).astype(page.dtype)[None]
    # Pillow turns what it loads, and here that is done afterwards.
    return upright(planes, {6: 8, 8: 6}.get(_orientation(page), _orientation(page)))[0]


def upright(planes: Array, orientation: int) -> Array:
    """[C, H, W] turned as EXIF and TIFF say by a number from 1 to 8; any other is none."""
    if orientation in (5, 6, 7, 8):
        planes = planes.swapaxes(-1, -2)
    if orientation in (3, 4, 7, 8):
        planes = planes[:, ::-1]
    if orientation in (2, 3, 6, 7):
        planes = planes[:, :, ::-1]
    return planes
