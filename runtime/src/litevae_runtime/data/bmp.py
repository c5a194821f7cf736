"""Which BMP files are read: those without compression. `src/images/bmp.ts` reads the same."""

import struct

from ..common.errors import CorruptImageError

# Sizes of headers, BITMAPCOREHEADER to BITMAPV5HEADER; the first has shorter fields, and no more than width, height and bits.
_CORE, _INFO = 12, 40
_HEADERS = (_CORE, _INFO, 52, 56, 108, 124)

# Where the field is 3, masks say which bits of a pixel are red, green, blue and opacity.
_MASKED = 3
_LAYOUTS = {
    16: ((0x7C00, 0x3E0, 0x1F, 0), (0xF800, 0x7E0, 0x1F, 0)),
    32: ((0xFF0000, 0xFF00, 0xFF, 0), (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
}


def require_plain_bmp(data: bytes) -> None:
    """CorruptImageError where it is compressed, damaged or of another layout."""
    [size] = struct.unpack_from("<I", data, 14) if len(data) >= 18 else [0]
    if size not in _HEADERS or len(data) < 14 + size:
        raise CorruptImageError("a BMP whose header is damaged")
    if size == _CORE:
        width, rows, _, bits = struct.unpack_from("<4H", data, 18)
        compression, used = 0, 0
    else:
        width, rows, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        [used] = struct.unpack_from("<I", data, 46)
    if compression == _MASKED:
        masks = struct.unpack_from("<4I", data, 54) if len(data) >= 70 else ()
        is_known = (masks if size > 52 else (*masks[:3], 0)) in _LAYOUTS.get(bits, ())
    else:
        is_known = compression == 0 and bits in (1, 4, 8, 16, 24, 32)
    if not is_known:
        raise CorruptImageError(
            f"a BMP of {bits} bits a pixel, stored by method {compression}", "save it as a PNG"
        )
    [start] = struct.unpack_from("<I", data, 10)
    table = (3 if size == _CORE else 4) * (used or 2**bits) if bits <= 8 else 0
    if width <= 0 or rows == 0 or used > 256 or start < 14 + size + table:
        raise CorruptImageError("a BMP whose header is damaged")
    if start + -(-width * bits // 32) * 4 * abs(rows) > len(data):
        raise CorruptImageError("the file is cut off")
