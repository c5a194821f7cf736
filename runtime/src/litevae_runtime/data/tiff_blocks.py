"""A TIFF's strips and tiles: that all of them are there, and their samples as they lie in the file.

tifffile knows where they are. It reads few compressions without a package more, and libtiff, which comes with Pillow, knows those
that are read here. `src/images/tiff-page.ts` has the same rules.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tifffile
from PIL import Image, TiffImagePlugin

from ..common.errors import CorruptImageError
from .arrays import too_large
from .pixels import Array

# Values of Compression (TIFF 6.0, Technical Notes 1 and 2, and libtiff's): fax of one bit, JPEG, and those without loss.
_NONE, _FAX, _JPEG = 1, (2, 3, 4), 7
_DEFLATE, _LZW, _ZSTD, _PACKBITS = (8, 32946), 5, 50000, 32773
LOSSLESS = (_NONE, *_DEFLATE, _LZW, _ZSTD, _PACKBITS)
_WITH_PREDICTOR = (*_DEFLATE, _LZW, _ZSTD)

_ANEW = "save it without compression, or with Deflate"

# PhotometricInterpretation (TIFF 6.0) with how many samples make its colour.
COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3}
_PALETTE = 3

# Types of fields, and the fields that are numbers: sizes, bits, compression, colours, how samples and rows lie.
_BYTE, _SHORT = 1, 3
_NUMBERS = (
    254,
    255,
    256,
    257,
    258,
    259,
    262,
    266,
    273,
    274,
    277,
    278,
    279,
    284,
    296,
    317,
    322,
    323,
    338,
    339,
)
_NUMBERS_IN_BYTES = {(tag, _BYTE) for tag in _NUMBERS}


@dataclass(frozen=True)
class _Blocks:
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    width: int
    height: int
    is_tiled: bool
    # Of a sample, or of all of a pixel.
    planes: int
    per_pixel: int


def require_chain(data: bytes) -> None:
    """CorruptImageError where the pages of a TIFF lead in a circle, so that who follows them has no end, or beyond the file."""
    for _ in _fields(data):
        pass


def with_wide_numbers(data: bytes) -> bytes:
    """The file with its numbers in bytes made integers of 16 bits: TIFF 6.0 asks readers to take either, and libraries do not."""
    order = _order(data)
    numbers = [
        (at, room)
        for at, room in _fields(data)
        if struct.unpack_from(f"{order}HH", data, at) in _NUMBERS_IN_BYTES
    ]
    if not numbers:
        return data
    written = bytearray(data)
    for at, room in numbers:
        size = "Q" if room == 8 else "I"
        [count] = struct.unpack_from(f"{order}{size}", data, at + 4)
        if not 0 < count <= room:
            continue
        place = at + 4 + struct.calcsize(f"={size}")
        wide = struct.pack(f"{order}{count}H", *data[place : place + count])
        struct.pack_into(f"{order}H", written, at + 2, _SHORT)
        if len(wide) > room:
            struct.pack_into(f"{order}{size}", written, place, len(written))
            written += wide
        else:
            written[place : place + room] = wide.ljust(room, b"\0")
    return bytes(written)


def _fields(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the fields of all pages are, and how many bytes each has for its values; CorruptImageError as in `require_chain`."""
    order = _order(data)
    is_big = b"+" in data[2:4]
    counted, field, pointer = ("Q", 20, "Q") if is_big else ("H", 12, "I")
    seen: set[int] = set()
    try:
        [at] = struct.unpack_from(f"{order}{pointer}", data, 8 if is_big else 4)
        while at:
            if at in seen:
                raise CorruptImageError("a TIFF whose pages lead in a circle", "save it anew")
            seen.add(at)
            [fields] = struct.unpack_from(f"{order}{counted}", data, at)
            first = at + struct.calcsize(f"={counted}")
            [at] = struct.unpack_from(f"{order}{pointer}", data, first + field * fields)
            yield from ((first + field * i, 8 if is_big else 4) for i in range(fields))
    except struct.error:
        raise CorruptImageError("the file is cut off") from None


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"


def numbers(page: tifffile.TiffPage, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
    """A tag's values."""
    found = page.tags.get(tag)
    if found is None:
        return default
    return tuple(found.value if isinstance(found.value, bytes) else map(int, np.ravel(found.value)))


def require_readable(page: tifffile.TiffPage, size: int) -> None:
    """CorruptImageError where the page is not whole in a file of so many bytes, or of a kind that is not read."""
    if page.imagewidth <= 0 or page.imagelength <= 0:
        raise CorruptImageError("a TIFF without pixels")
    if page.imagewidth * page.imagelength > 2 * (Image.MAX_IMAGE_PIXELS or math.inf):
        raise too_large()
    if page.imagedepth > 1:
        raise CorruptImageError("a TIFF whose pages are volumes", "store its slices as pages")
    samples = page.samplesperpixel
    bits = numbers(page, 258, (1,))
    formats = numbers(page, 339, (1,))
    photometric = numbers(page, 262)
    if not photometric or any(len(each) not in (1, samples) for each in (bits, formats)):
        raise CorruptImageError("a TIFF that does not say what its samples are", "save it anew")
    if len(set(bits)) > 1 or len(set(formats)) > 1:
        raise CorruptImageError("a TIFF whose samples differ in bits or type", "store them alike")
    compression = numbers(page, 259, (_NONE,))[0]
    is_read = (
        compression in LOSSLESS
        or (compression in _FAX and bits[0] == 1 and samples == 1)
        or (compression == _JPEG and bits[0] == 8)
    )
    if not is_read:
        raise CorruptImageError(f"a TIFF of {bits[0]} bits in compression {compression}", _ANEW)
    predictor = numbers(page, 317, (1,))[0]
    if compression in _WITH_PREDICTOR and predictor not in (1, 2, 3):
        raise CorruptImageError(f"{predictor} is not a known PREDICTOR", "store it with predictor 1, 2 or 3")
    colours = COLOURS.get(photometric[0], 0)
    if samples - len(numbers(page, 338)) < min(colours, samples):
        raise CorruptImageError("a TIFF with fewer samples than its colours need", "save it anew")
    if photometric[0] == _PALETTE and len(numbers(page, 320)) != 3 << bits[0]:
        raise CorruptImageError("a TIFF without the colours of its palette", "save it anew")
    blocks = _blocks(page)
    for number, (offset, count) in enumerate(zip(blocks.offsets, blocks.counts, strict=True)):
        if offset + count > size:
            raise CorruptImageError("the file is cut off")
        if compression == _NONE and count < _rows(page, blocks, number) * _row_bytes(blocks, bits[0]):
            raise CorruptImageError("a TIFF that lacks some of its pixels", "save it anew")


def _blocks(page: tifffile.TiffPage) -> _Blocks:
    """CorruptImageError where some are not there: a sparse file says so by a size or place of 0."""
    is_tiled = 273 not in page.tags
    height, width = page.imagelength, page.imagewidth
    if is_tiled:
        down, across = numbers(page, 323, (0,))[0], numbers(page, 322, (0,))[0]
    else:
        down, across = min(numbers(page, 278, (height,))[0], height), width
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    offsets, counts = (numbers(page, tag) for tag in ((324, 325) if is_tiled else (273, 279)))
    expected = planes * -(-height // down) * -(-width // across) if down > 0 and across > 0 else 1
    found = list(zip(offsets, counts, strict=False))[:expected]
    there = sum(offset > 0 and count > 0 for offset, count in found)
    if there < expected or down <= 0 or across <= 0:
        raise CorruptImageError(
            f"a TIFF that lacks {expected - there:,} of its {expected:,} strips or tiles",
            "save it whole (not sparse)",
        )
    per_pixel = page.samplesperpixel // planes
    return _Blocks(offsets[:expected], counts[:expected], across, down, is_tiled, planes, per_pixel)


def _rows(page: tifffile.TiffPage, blocks: _Blocks, number: int) -> int:
    """Of a block: of the last strip there may be fewer."""
    if blocks.is_tiled:
        return blocks.height
    strips = -(-page.imagelength // blocks.height)
    return min(blocks.height, page.imagelength - number % strips * blocks.height)


def _row_bytes(blocks: _Blocks, bits: int) -> int:
    return -(-blocks.width * blocks.per_pixel * bits // 8)


def decoded(page: tifffile.TiffPage, dtype: np.dtype) -> Array:
    """The samples [C, H, W] of a page that is compressed without loss; `dtype` is theirs, in whole bytes."""
    blocks, compression = _blocks(page), numbers(page, 259, (_NONE,))[0]
    handle = page.parent.filehandle
    stored = []
    for offset, count in zip(blocks.offsets, blocks.counts, strict=True):
        handle.seek(offset)
        stored.append(handle.read(count))
    per_row = _row_bytes(blocks, 8 * dtype.itemsize)
    rows = [_rows(page, blocks, number) for number in range(len(stored))]
    plain = [
        _decompressed(data, compression, per_row, count) for data, count in zip(stored, rows, strict=True)
    ]
    lines = np.frombuffer(b"".join(plain), np.uint8).reshape(-1, per_row)
    predictor = numbers(page, 317, (1,))[0] if compression in _WITH_PREDICTOR else 1
    samples = _unpredicted(lines, predictor, blocks.per_pixel, dtype, page.parent.byteorder)
    height, width = page.imagelength, page.imagewidth
    if blocks.is_tiled:
        down, across = -(-height // blocks.height), -(-width // blocks.width)
        tiles = samples.reshape(blocks.planes, down, across, blocks.height, blocks.width, -1)
        samples = tiles.swapaxes(2, 3).reshape(blocks.planes, down * blocks.height, across * blocks.width, -1)
    samples = samples.reshape(blocks.planes, -1, samples.shape[-2], blocks.per_pixel)[:, :height, :width]
    # Either one plane of many samples, or planes of one.
    return np.moveaxis(samples, -1, 1).reshape(-1, height, width)


def _decompressed(stored: bytes, compression: int, per_row: int, rows: int) -> bytes:
    if compression == _NONE:
        plain = stored
    elif compression in _DEFLATE:
        plain = zlib.decompress(stored)
    else:
        plain = _by_libtiff(stored, compression, per_row, rows)
    if len(plain) < per_row * rows:
        raise CorruptImageError("a TIFF that lacks some of its pixels", "save it anew")
    return plain[: per_row * rows]


def _by_libtiff(stored: bytes, compression: int, per_row: int, rows: int) -> bytes:
    """As a grey image of one strip, whose pixels are bytes; Pillow's limit is for pixels, and was asked before."""
    fields = {
        256: per_row,
        257: rows,
        258: 8,
        259: compression,
        262: 1,
        273: 8,
        277: 1,
        278: rows,
        279: len(stored),
    }
    padded = stored + bytes(len(stored) % 2)
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    head = struct.pack("<2sHI", b"II", 42, 8 + len(padded))
    file = head + padded + struct.pack("<H", len(fields)) + directory + bytes(4)
    return TiffImagePlugin.TiffImageFile(io.BytesIO(file)).tobytes()


def _unpredicted(rows: Array, predictor: int, per_pixel: int, dtype: np.dtype, order: str) -> Array:
    """Samples [rows, pixels, samples of a pixel] of rows of bytes (TIFF 6.0 §14, Technical Note 3)."""
    size = dtype.itemsize
    if predictor == 2:
        whole = rows.view(f"{order}u{size}").astype(f"u{size}").reshape(len(rows), -1, per_pixel)
        return np.add.accumulate(whole, axis=1, dtype=whole.dtype).view(dtype)
    if predictor == 3:
        # The highest bytes of all samples come first, and each byte is the difference from that of a pixel before.
        summed = np.add.accumulate(rows.reshape(len(rows), -1, per_pixel), axis=1, dtype=np.uint8)
        joined = np.ascontiguousarray(summed.reshape(len(rows), size, -1).swapaxes(1, 2))
        rows, order = joined.reshape(len(rows), -1), ">"
    return rows.view(f"{order}{dtype.kind}{size}").astype(dtype).reshape(len(rows), -1, per_pixel)
